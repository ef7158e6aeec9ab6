// The same pictures in Vega-Lite's words, for whoever has it: a chart to restyle, or one that answers to the mouse.
import type { Axis, Heat, Panel, Picture, Series, Stack } from './chart.js';
import { colours } from './theme.js';

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json';
type Spec = Record<string, unknown>;

/** JSON knows no NaN; a point of null breaks the line, as a gap does. */
const plain = (value: number): number | null => (Number.isFinite(value) ? value : null);

function encoding(field: string, axis: Axis, panel: Panel): Spec {
  const positive = panel.series.every((s) => s.points.every((p) => !(p[1] <= 0)));
  const type = axis.scale === 'log' && positive ? 'log' : 'linear';
  const ends = axis.low !== undefined && axis.high !== undefined ? { domain: [axis.low, axis.high] } : {};
  const ticks = axis.whole ? { axis: { tickMinStep: 1, format: 'd' } } : {};
  return {
    field,
    type: 'quantitative',
    title: axis.title ?? null,
    scale: type === 'log' ? { type } : { type, zero: false, ...ends },
    ...ticks,
  };
}

function layerOf(series: Series, panel: Panel, named: readonly Series[]): Spec {
  const { name, tone, points, line = 'straight', dots, dashed } = series;
  const values = points.map(([x, y], i) => ({ i, x: plain(x), y: plain(y), series: name }));
  const color = !series.unnamed
    ? {
        field: 'series',
        type: 'nominal',
        title: null,
        scale: { domain: named.map((s) => s.name), range: named.map((s) => colours.light[s.tone]) },
      }
    : { value: colours.light[tone] };
  const stroke = { ...(dashed ? { strokeDash: [6, 4] } : {}), ...(line === 'steps' ? { interpolate: 'step-after' } : {}) };
  const mark =
    line === 'none'
      ? { type: 'point', filled: true, opacity: 0.5, tooltip: true }
      : { type: 'line', ...stroke, point: dots ?? false, tooltip: true };
  const order = line === 'none' ? {} : { order: { field: 'i', type: 'quantitative' } };
  return {
    data: { values },
    mark,
    encoding: { x: encoding('x', panel.x, panel), y: encoding('y', panel.y, panel), color, ...order },
  };
}

function panelOf(panel: Panel, named: readonly Series[]): Spec {
  const bars = panel.bars?.length
    ? [
        {
          data: { values: panel.bars.map((b) => ({ ...b, base: 0 })) },
          mark: { type: 'bar', tooltip: true, opacity: 0.5, color: colours.light.first },
          encoding: {
            x: { ...encoding('from', panel.x, panel), bin: { binned: true } },
            x2: { field: 'to' },
            y: { field: 'height', type: 'quantitative', title: panel.y.title ?? null },
          },
        },
      ]
    : [];
  const { rule } = panel;
  const rules = rule
    ? [
        {
          data: { values: [{ x: rule.x, what: rule.name }] },
          mark: { type: 'rule', strokeDash: [2, 4], color: colours.light.third, tooltip: true },
          encoding: { x: { field: 'x', type: 'quantitative' }, tooltip: { field: 'what' } },
        },
      ]
    : [];
  return {
    title: panel.note ? { text: panel.title, subtitle: panel.note } : panel.title,
    width: panel.square ? 360 : 420,
    height: panel.square ? 360 : (panel.height ?? 190),
    layer: [...bars, ...panel.series.map((s) => layerOf(s, panel, named)), ...rules],
  };
}

function heatOf(heat: Heat): Spec {
  const { names, values, format, shade } = heat;
  const fields = values.flatMap((row, r) =>
    row.map((value, c) => ({ row: names[r], column: names[c], value, text: format(value), shade: shade(r, c) })),
  );
  const x = { field: 'column', type: 'nominal', sort: [...names], title: heat.columnTitle, axis: { orient: 'top' } };
  const y = { field: 'row', type: 'nominal', sort: [...names], title: heat.rowTitle };
  const fill = { field: 'shade', type: 'quantitative', legend: null, scale: { domain: [0, 1], scheme: 'blues' } };
  return {
    title: heat.title,
    data: { values: fields },
    encoding: { x, y },
    layer: [
      { mark: { type: 'rect', tooltip: true }, encoding: { color: fill } },
      {
        mark: { type: 'text' },
        encoding: {
          text: { field: 'text' },
          color: { condition: { test: 'datum.shade > 0.55', value: 'white' }, value: 'black' },
        },
      },
    ],
  };
}

/** Boxes are not what Vega-Lite draws: it shows the parameters of each layer as a bar. */
function stackOf(stack: Stack): Spec {
  const rows = stack.rows.map(({ name, kind, shape, parameters, weightBytes, outputBytes, trainable }, i) => ({
    ...{ i, name, kind, shape, parameters: parameters ?? 0, weightBytes, outputBytes, trainable },
  }));
  const tooltip = ['name', 'kind', 'shape', 'parameters', 'weightBytes', 'outputBytes'].map((field) => ({ field }));
  return {
    title: { text: stack.title, subtitle: [...stack.notes] },
    data: { values: rows },
    mark: 'bar',
    encoding: {
      y: { field: 'name', type: 'nominal', sort: { field: 'i' }, title: null },
      x: { field: 'parameters', type: 'quantitative', title: 'parameters' },
      color: {
        field: 'trainable',
        type: 'nominal',
        scale: { domain: [true, false], range: [colours.light.first, colours.light.muted] },
      },
      tooltip,
    },
  };
}

export function vegaLiteOf(picture: Picture): Spec {
  const head = { $schema: SCHEMA, description: picture.about };
  if ('heat' in picture) return { ...head, ...heatOf(picture.heat) };
  if ('stack' in picture) return { ...head, ...stackOf(picture.stack) };
  // All panels have one legend.
  const series = picture.panels.flatMap((panel) => panel.series.filter((s) => !s.unnamed));
  const named = [...new Map(series.map((s) => [s.name, s])).values()];
  if (picture.panels.length === 1) return { ...head, ...panelOf(picture.panels[0], named) };
  return { ...head, title: picture.title, vconcat: picture.panels.map((panel) => panelOf(panel, named)) };
}
