import type { Stack, StackRow } from './chart.js';
import type { Drawn } from './panels.js';
import { cutTo, element, line, text, widthOf } from './svg.js';

const ROW = 62;
const GAP = 16;
const INDENT = 14;

/** 1536 -> '1.5 KB'. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const unit = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** unit;
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`;
}

export const countText = (n: number, one: string): string => `${n.toLocaleString('en-US')} ${one}${n === 1 ? '' : 's'}`;

function drawRow(row: StackRow, y: number, width: number, most: number): string {
  const left = row.depth * INDENT;
  const inner = width - left;
  const tone = row.trainable && row.parameters ? 'f-first' : 'f-muted';
  const right = row.parameters === null ? 'not built' : row.parameters > 0 ? countText(row.parameters, 'parameter') : '';
  const weights = row.parameters ? `${bytesText(row.weightBytes)}${row.trainable ? '' : ', frozen'}` : '';
  const shape = `${row.shape}${row.outputBytes === null ? '' : `  ${bytesText(row.outputBytes)} a sample`}`;
  const nameRoom = inner - widthOf(right) - 34;
  const name = cutTo(row.name, nameRoom * 0.6);
  const kind = cutTo([row.kind, row.detail].filter(Boolean).join(', '), nameRoom - widthOf(name) * 1.12 - 10, 12);
  const share = most > 0 ? Math.max(0, row.parameters ?? 0) / most : 0;
  return [
    element('rect', { x: left + 0.5, y: y + 0.5, width: inner - 1, height: ROW - 1, rx: 5, class: 'box' }),
    element('rect', { x: left, y: y + 1, width: 4, height: ROW - 2, rx: 2, class: tone }),
    text(left + 14, y + 22, name, 'strong'),
    text(left + 14 + widthOf(name) * 1.12 + 8, y + 22, kind, 'faint small'),
    text(width - 12, y + 22, right, undefined, 'end'),
    text(left + 14, y + 42, cutTo(shape, inner - widthOf(weights, 12) - 34, 12), 'faint small'),
    text(width - 12, y + 42, weights, 'faint small', 'end'),
    share > 0
      ? element('rect', { x: left + 14, y: y + 51, width: Math.max(2, (inner - 26) * share), height: 4, rx: 2, class: tone })
      : '',
  ].join('');
}

/** The layers from the input down, one box each; the bar in a box is its share of the parameters. */
export function drawStack(stack: Stack, width: number): Drawn {
  const most = Math.max(0, ...stack.rows.map((row) => (row.depth === 0 ? (row.parameters ?? 0) : 0)));
  let y = 0;
  let svg = '';
  for (const note of stack.notes) {
    svg += text(0, y + 14, cutTo(note, width), 'faint');
    y += 20;
  }
  y += 8;
  stack.rows.forEach((row, i) => {
    if (i > 0) {
      const x = width / 2;
      svg += line(x, y - GAP, x, y - 5, 'axis') + element('path', { d: `M${x - 4} ${y - 6}h8l-4 5z`, class: 'faint' });
    }
    svg += drawRow(row, y, width, most);
    y += ROW + GAP;
  });
  return { svg, height: y - GAP + 4 };
}
