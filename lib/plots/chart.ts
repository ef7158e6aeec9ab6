// What a picture of numbers is made of, whoever draws it: the SVG writer, or Vega-Lite.
import type { Tone } from './theme.js';

export type Point = readonly [x: number, y: number];

export interface Axis {
  title?: string;
  /** What must be seen, whatever the values are. */
  low?: number;
  high?: number;
  /** Default 'linear'. */
  scale?: 'linear' | 'log';
  /** Only whole numbers have a tick: epochs. */
  whole?: boolean;
  /** The axis ends where its values end. */
  exact?: boolean;
}

/** Points, joined by a line or not. A value that is not finite is a gap. */
export interface Series {
  name: string;
  tone: Tone;
  points: readonly Point[];
  line?: 'straight' | 'steps' | 'none';
  dots?: boolean;
  dashed?: boolean;
  /** Not in the legend: a diagonal that everybody knows. */
  unnamed?: boolean;
}

/** A dashed line without a name in the legend, to hold a curve against. */
export const guideLine = (name: string, points: Series['points']): Series => ({
  name,
  tone: 'muted',
  dashed: true,
  unnamed: true,
  points,
});

/** A bar stands on 0, from one place of the x axis to another. */
export interface Bar {
  from: number;
  to: number;
  height: number;
}

export interface Panel {
  title: string;
  /** What the panel comes to, beside its title. */
  note?: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
  bars?: readonly Bar[];
  /** A place on the x axis that all panels have in common: the best epoch. */
  rule?: { x: number; name: string };
  /** Default 190. */
  height?: number;
  /** As high as it is wide. */
  square?: boolean;
}

/** A table of numbers, each field as dark as its value is large. */
export interface Heat {
  title: string;
  note?: string;
  rowTitle: string;
  columnTitle: string;
  names: readonly string[];
  values: readonly (readonly number[])[];
  /** How a value is written. */
  format: (value: number) => string;
  /** From 0 to 1, how dark a field is. */
  shade: (row: number, column: number) => number;
}

/** Boxes one on top of another. */
export interface Stack {
  title: string;
  notes: readonly string[];
  rows: readonly StackRow[];
}

export interface StackRow {
  name: string;
  kind: string;
  /** How deep it lies in models inside the model. */
  depth: number;
  shape: string;
  parameters: number | null;
  trainable: boolean;
  weightBytes: number;
  outputBytes: number | null;
  detail: string;
}

export type Picture = { title: string; about: string } & ({ panels: readonly Panel[] } | { heat: Heat } | { stack: Stack });
