// The few elements of SVG that pictures are made of.

type Attributes = Record<string, string | number | undefined>;

/** Coordinates to a hundredth of a unit: more is not to be seen, and makes files large. */
const coordinate = (value: number): string => String(Math.round(value * 100) / 100);

/** What stands in a file of XML for a text: names of metrics come from users. */
export function escapeText(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no file of XML may hold them
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '?').replace(/[&<>"]/g, (c) => entities[c]);
}

export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : escapeText(value as string)}"`)
    .join('');
  return children.length ? `<${name}${given}>${children.join('')}</${name}>` : `<${name}${given}/>`;
}

export type Anchor = 'start' | 'middle' | 'end';

export function text(x: number, y: number, content: string, kind?: string, anchor: Anchor = 'start'): string {
  const attributes = { x, y, class: kind, 'text-anchor': anchor === 'start' ? undefined : anchor };
  return element('text', attributes, escapeText(content));
}

export const line = (x1: number, y1: number, x2: number, y2: number, kind: string): string =>
  element('line', { x1, y1, x2, y2, class: kind });

/** A line through points; where one is null it breaks off. */
export function path(points: readonly (readonly [number, number] | null)[], kind: string): string {
  let d = '';
  let begins = true;
  for (const point of points) {
    if (point) d += `${begins ? 'M' : 'L'}${coordinate(point[0])} ${coordinate(point[1])}`;
    begins = !point;
  }
  return d ? element('path', { d, class: kind }) : '';
}

/** Room that a text takes, as far as that is known without its font: an average of system fonts. */
export const widthOf = (content: string, size = 13): number => content.length * size * 0.58;

/** A text cut to a width. */
export function cutTo(content: string, width: number, size = 13): string {
  const most = Math.max(1, Math.floor(width / (size * 0.58)));
  return content.length <= most ? content : `${content.slice(0, most - 1)}…`;
}
