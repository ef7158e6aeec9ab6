import type { Axis, Panel, Point, Series } from './chart.js';
import { linearScale, logScale, type Range, rangeOf, type Scale } from './scales.js';
import { cutTo, element, line, path, text, widthOf } from './svg.js';

/** A piece of a picture and how high it is. */
export interface Drawn {
  svg: string;
  height: number;
}

/** More dots than one can tell apart make a large file and no better picture. */
const MOST_DOTS = 120;
const TICK_ROOM = 36;
/** Between two numbers on the x axis. */
const COLUMN_ROOM = 46;

function rangeAlong(panel: Panel, axis: 'x' | 'y'): Range {
  const { low, high } = panel[axis];
  const index = axis === 'x' ? 0 : 1;
  const ends = [low, high].filter((v) => v !== undefined);
  const bars = (panel.bars ?? []).flatMap((b) => (axis === 'x' ? [b.from, b.to] : [0, b.height]));
  const values = panel.series.flatMap((s) => s.points.filter((p) => p.every(Number.isFinite)).map((p) => p[index]));
  return rangeOf([...ends, ...bars, ...values]) ?? { low: 0, high: 1 };
}

function scaleOf(axis: Axis, range: Range, from: number, to: number): Scale {
  // The y axis goes up, to smaller coordinates.
  const count = Math.max(2, Math.round(Math.abs(to - from) / (to < from ? TICK_ROOM : COLUMN_ROOM)));
  const room = { from, to, count };
  return axis.scale === 'log' && range.low > 0 ? logScale(range, room) : linearScale(range, room, axis);
}

/** Steps go along first, then up: a threshold between two points gives the first one's value. */
function inSteps(points: readonly (readonly [number, number] | null)[]): (readonly [number, number] | null)[] {
  return points.flatMap((p, i) => {
    const next = points[i + 1];
    return p && next ? [p, [next[0], p[1]] as const] : [p];
  });
}

function drawSeries({ points, line: kind = 'straight', dots, dashed, tone }: Series, x: Scale, y: Scale): string {
  const places = points.map(([a, b]: Point) => {
    const place = [x(a), y(b)] as const;
    return place.every(Number.isFinite) ? place : null;
  });
  const curve =
    kind === 'none' ? '' : path(kind === 'steps' ? inSteps(places) : places, `line s-${tone}${dashed ? ' dashed' : ''}`);
  const seen = places.filter((p) => p !== null);
  // A point between two gaps is on no line.
  const alone = places.filter((p, i) => p && !places[i - 1] && !places[i + 1]) as (readonly [number, number])[];
  const marked = dots && (kind === 'none' || seen.length <= MOST_DOTS) ? seen : kind === 'none' ? [] : alone;
  const faded = kind === 'none' && seen.length > MOST_DOTS ? ' faded' : '';
  const circle = ([cx, cy]: readonly [number, number]) =>
    element('circle', { cx, cy, r: faded ? 2 : 3, class: `f-${tone}${faded}` });
  return curve + marked.map(circle).join('');
}

/** Names of the lines, as many in a row as there is room for. */
export function legend(panels: readonly Panel[], width: number): Drawn {
  const named = new Map<string, string>();
  for (const { series } of panels)
    for (const s of series) if (!s.unnamed) named.set(s.name, `line s-${s.tone}${s.dashed ? ' dashed' : ''}`);
  for (const { rule } of panels) if (rule) named.set(rule.name, 'line dotted s-third');
  let x = 0;
  let y = 0;
  let svg = '';
  for (const [name, kind] of named) {
    const room = 34 + widthOf(name);
    if (x > 0 && x + room > width) [x, y] = [0, y + 20];
    svg += line(x, y + 10, x + 26, y + 10, kind) + text(x + 34, y + 14, cutTo(name, width - 34));
    x += room + 18;
  }
  return { svg, height: named.size ? y + 24 : 0 };
}

function axes(panel: Panel, x: Scale, y: Scale, box: { left: number; right: number; top: number; bottom: number }): string {
  const { left, right, top, bottom } = box;
  const rows = y.ticks.map(
    ({ value, text: label }) =>
      line(left, y(value), right, y(value), 'grid') + text(left - 7, y(value) + 4, label, 'faint small', 'end'),
  );
  // Labels that would touch the one before are left out.
  let end = Number.NEGATIVE_INFINITY;
  const columns = x.ticks.map(({ value, text: label }) => {
    const [at, half] = [x(value), widthOf(label, 12) / 2];
    if (at - half < end + 8) return line(at, bottom, at, bottom + 4, 'axis');
    end = at + half;
    return line(at, bottom, at, bottom + 4, 'axis') + text(at, bottom + 18, label, 'faint small', 'middle');
  });
  const title = panel.x.title ? text((left + right) / 2, bottom + 36, panel.x.title, 'faint small', 'middle') : '';
  return `${rows.join('')}${line(left, bottom, right, bottom, 'axis')}${columns.join('')}${title}${
    panel.y.title ? text(0, top - 10, panel.y.title, 'faint small') : ''
  }`;
}

const heightOf = (panel: Panel): number => panel.height ?? 190;

/** Room for the numbers of the y axes: that of the longest, so that what is on one x axis in all panels stands in one line. */
export function marginOf(panels: readonly Panel[]): number {
  const texts = panels.flatMap((panel) => scaleOf(panel.y, rangeAlong(panel, 'y'), heightOf(panel), 0).ticks);
  return Math.max(30, ...texts.map((t) => widthOf(t.text, 12))) + 10;
}

/** One panel, with its title above. */
export function drawPanel(panel: Panel, width: number, left: number): Drawn {
  const right = width - 8;
  const top = panel.y.title ? 46 : 30;
  const bottom = top + (panel.square ? right - left : heightOf(panel));
  const x = scaleOf(panel.x, rangeAlong(panel, 'x'), left, right);
  const y = scaleOf(panel.y, rangeAlong(panel, 'y'), bottom, top);
  const bars = (panel.bars ?? []).map(({ from, to, height }) =>
    element('rect', {
      ...{ x: x(from) + 0.5, y: y(height), width: Math.max(0.5, x(to) - x(from) - 1), height: Math.max(0, bottom - y(height)) },
      class: 'f-first faded',
    }),
  );
  const { rule } = panel;
  const mark = rule ? line(x(rule.x), top, x(rule.x), bottom, 'line dotted s-third') : '';
  const titleRoom = widthOf(panel.title) * 1.1 + 12;
  const note = panel.note ? text(width - 8, 16, cutTo(panel.note, width - titleRoom - 8, 12), 'faint small', 'end') : '';
  const body = panel.series.map((s) => drawSeries(s, x, y)).join('');
  const head = text(0, 16, cutTo(panel.title, width), 'strong') + note;
  const svg = head + axes(panel, x, y, { left, right, top, bottom }) + bars.join('') + mark + body;
  return { svg, height: bottom + (panel.x.title ? 46 : 28) };
}
