import type { Heat } from './chart.js';
import type { Drawn } from './panels.js';
import { cutTo, element, text, widthOf } from './svg.js';

/** Names of more classes than this are written upright. */
const MOST_LYING = 6;

/** A table whose fields are as dark as their values are large. Where there is no room for numbers, only the shades are drawn. */
export function drawHeat(heat: Heat, width: number): Drawn {
  const { names, values } = heat;
  const n = names.length;
  const longest = Math.max(...names.map((name) => widthOf(name, 12)));
  const left = Math.min(longest, width * 0.25) + 36;
  const cell = (width - left - 4) / n;
  const upright = n > MOST_LYING || names.some((name) => widthOf(name, 12) > cell - 4);
  const top = 40 + (upright ? Math.min(longest, 90) + 10 : 22);
  const height = Math.min(cell, Math.max(cell * 0.6, 26));
  const isDrawn = cell >= 15;
  const written = Math.max(...values.flatMap((row) => row.map((v) => widthOf(heat.format(v), 12)))) <= cell - 2;
  const ground = element('rect', { x: left, y: top, width: n * cell, height: n * height, class: 'box' });
  const fields = values.flatMap((row, r) =>
    row.map((value, c) => {
      // The ground shows where there is nothing: many classes have few mistakes.
      if (value === 0) return '';
      const shade = heat.shade(r, c);
      const [x, y] = [left + c * cell, top + r * height];
      const place = { x: x + 0.5, y: y + 0.5, width: cell - 1, height: height - 1 };
      const field = element('rect', { ...place, class: r === c ? 'f-first' : 'f-second', 'fill-opacity': shade });
      const kind = `small${shade > 0.55 ? ' on' : ''}`;
      return written ? field + text(x + cell / 2, y + height / 2 + 4, heat.format(value), kind, 'middle') : field;
    }),
  );
  const labels = names.map((name, i) => {
    if (!isDrawn && i % Math.ceil(15 / cell) !== 0) return '';
    const row = text(left - 7, top + (i + 0.5) * height + 4, cutTo(name, left - 30, 12), 'small', 'end');
    const x = left + (i + 0.5) * cell;
    const column = upright
      ? element(
          'g',
          { transform: `rotate(-90 ${Math.round(x + 4)} ${top - 6})` },
          text(x + 4, top - 6, cutTo(name, 90, 12), 'small'),
        )
      : text(x, top - 7, name, 'small', 'middle');
    return row + column;
  });
  const middle = top + (n * height) / 2;
  const side = element(
    'g',
    { transform: `rotate(-90 12 ${Math.round(middle)})` },
    text(12, middle, heat.rowTitle, 'faint small', 'middle'),
  );
  const note = heat.note ? text(width - 4, 16, heat.note, 'faint small', 'end') : '';
  const head =
    text(0, 16, heat.title, 'strong') + note + text(left + (n * cell) / 2, 38, heat.columnTitle, 'faint small', 'middle');
  return { svg: head + side + ground + fields.join('') + labels.join(''), height: top + n * height + 12 };
}
