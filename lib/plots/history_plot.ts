import { show, ValueError } from '../errors.js';
import { suggest } from '../options.js';
import type { Panel, Picture, Point, Series } from './chart.js';
import { type Plot, type PlotOptions, plotTo } from './plot.js';
import { rangeOf, valueText } from './scales.js';

/** Options of `history.plot`. */
export interface HistoryPlotOptions extends PlotOptions {
  /** Whose best epoch is marked: `'val_loss'` where there is one, else `'loss'`. null marks none. */
  monitor?: string | null;
}

/** What is drawn of a training. */
export interface Curves {
  history: Record<string, readonly unknown[]>;
  epoch: readonly number[];
  /** Whether a result is better when it is smaller or larger. */
  direction: (name: string) => 'min' | 'max';
}

const RATES = ['learning_rate', 'lr'];

/** A metric with one value a class is drawn as their mean, which the progress bar shows too. */
function scalar(value: unknown): number {
  if (typeof value === 'number') return value;
  const list = (value as { data?: unknown } | null | undefined)?.data ?? value;
  if (!Array.isArray(list) && !ArrayBuffer.isView(list)) return Number.NaN;
  const numbers = Array.from(list as ArrayLike<number>, Number);
  return numbers.reduce((sum, v) => sum + v, 0) / numbers.length;
}

/** Epochs counted from 1, as the progress bar counts. With `validationFreq` there are fewer values than epochs: they are of the last of each few. */
function pointsOf({ history, epoch }: Curves, name: string): Point[] {
  const values = history[name] ?? [];
  const every = values.length < epoch.length ? Math.floor(epoch.length / Math.max(1, values.length)) : 1;
  return values.map((value, i) => [(epoch[(i + 1) * every - 1] ?? i) + 1, scalar(value)] as const);
}

/** Values over more than two powers of ten are told apart by their factors only. */
function scaleFor(points: readonly Point[], most: number): 'log' | 'linear' {
  const range = rangeOf(points.map((p) => p[1]));
  return range && range.low > 0 && range.high / range.low > most ? 'log' : 'linear';
}

function seriesOf(curves: Curves, name: string): Series[] {
  const dots = curves.epoch.length <= 30;
  const validation = pointsOf(curves, `val_${name}`);
  const isRate = RATES.includes(name);
  return [
    { name: isRate ? 'learning rate' : 'training', tone: isRate ? 'muted' : 'first', points: pointsOf(curves, name), dots },
    ...(validation.length ? [{ name: 'validation', tone: 'second', points: validation, dots, dashed: true } as const] : []),
  ];
}

function bestOf(curves: Curves, monitor: string | null | undefined): { at: number; value: number; name: string } | null {
  if (monitor === null) return null;
  const name = monitor ?? ['val_loss', 'loss'].find((n) => n in curves.history);
  if (name === undefined) return null;
  if (!Object.hasOwn(curves.history, name))
    throw new ValueError(
      `history.plot: 'monitor' must be a key of the history. Received: ${show(name)}.${suggest(name, Object.keys(curves.history))}`,
      'ERR_MONITOR',
    );
  const sign = curves.direction(name) === 'min' ? 1 : -1;
  let best: Point | null = null;
  for (const p of pointsOf(curves, name)) if (Number.isFinite(p[1]) && (!best || sign * p[1] < sign * best[1])) best = p;
  return best && { at: best[0], value: best[1], name };
}

/** A metric's values at one epoch: `0.123, validation 0.145`. */
function valuesAt(series: readonly Series[], epoch: number): string {
  const at = ({ points }: Series) => points.find((p) => p[0] === epoch)?.[1];
  const texts = series.map((s) => ({ name: s.name, value: at(s) })).filter((s) => s.value !== undefined);
  return texts.map(({ name, value }) => `${name} ${valueText(value as number)}`).join(', ');
}

function panelOf(curves: Curves, name: string, best: { at: number; name: string } | null, isLast: boolean): Panel {
  const series = seriesOf(curves, name);
  const scale = scaleFor(
    series.flatMap((s) => s.points),
    RATES.includes(name) ? 20 : 200,
  );
  const epochs = rangeOf(curves.epoch) ?? { low: 0, high: 0 };
  const at = best?.at ?? epochs.high + 1;
  return {
    title: `${name}${scale === 'log' ? ' (log scale)' : ''}`,
    note: valuesAt(series, at),
    x: { title: isLast ? 'epoch' : undefined, low: epochs.low + 1, high: epochs.high + 1, whole: true, exact: true },
    y: { scale },
    series,
    rule: best ? { x: best.at, name: best.name } : undefined,
    height: RATES.includes(name) ? 110 : undefined,
  };
}

/** Curves of a training: a panel for the loss, each metric and the learning rate, with the best epoch in all of them. */
export function plotHistory(curves: Curves, file?: string | URL | null, options?: HistoryPlotOptions): Plot {
  const { monitor, ...rest } = options ?? {};
  const names = Object.keys(curves.history).filter((key) => !key.startsWith('val_') || !(key.slice(4) in curves.history));
  if (curves.epoch.length === 0 || names.length === 0)
    throw new ValueError('history.plot: no epoch was recorded. Train first: await model.fit(x, y).', 'ERR_EMPTY');
  const ordered = [...names.filter((n) => !RATES.includes(n)), ...names.filter((n) => RATES.includes(n))];
  const found = bestOf(curves, monitor);
  const best = found && { at: found.at, name: `best ${found.name}: ${valueText(found.value)}, epoch ${found.at}` };
  const count = curves.epoch.length;
  const picture: Picture = {
    title: '',
    about: `Training of ${count} epoch${count === 1 ? '' : 's'}: ${ordered.join(', ')}${best ? `; ${best.name}` : ''}`,
    panels: ordered.map((name, i) => panelOf(curves, name, best, i === ordered.length - 1)),
  };
  return plotTo('history.plot', picture, file, rest);
}
