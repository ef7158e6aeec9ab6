import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RuntimeError, show, typeError } from '../errors.js';
import { checkNumber, checkOneOf, readOptions } from '../options.js';
import type { Picture } from './chart.js';
import { drawHeat } from './heat.js';
import { jupyterDisplay, type MimeBundle } from './mime.js';
import { type Drawn, drawPanel, legend, marginOf } from './panels.js';
import { drawStack } from './stack.js';
import { cutTo, element, escapeText, text } from './svg.js';
import { styleOf, THEMES, type Theme } from './theme.js';
import { vegaLiteOf } from './vega_lite.js';

/** Options of a picture. */
export interface PlotOptions {
  /** Above the picture. Default: what is shown. */
  title?: string | null;
  /** `'light'`, `'dark'`, or `'auto'`: as whoever looks has set their system (`prefers-color-scheme`). Default `'auto'`. */
  theme?: Theme;
  /** In pixels, 280 to 4000. Default 480: what is written in it can be read where it is shown 400 wide. */
  width?: number;
}

const nodeInspect = Symbol.for('nodejs.util.inspect.custom');
const MARGIN = 16;

/**
 * A picture: SVG, and the same for Vega-Lite. As a text (`String(plot)`) it is the SVG; Deno's notebooks show it by itself, tslab by
 * `display.svg(String(plot))`.
 * @example
 * const history = await model.fit(x, y, { epochs: 3, verbose: 0 });
 * const plot = history.plot();
 * console.log(plot.svg.slice(0, 4)); // prints <svg
 * plot.save('curves.svg');
 */
export class Plot {
  /** The picture as a file of SVG. */
  readonly svg: string;
  readonly #picture: Picture;

  /** @internal */
  constructor(where: string, picture: Picture, options?: PlotOptions) {
    const o = readOptions<Required<PlotOptions>>(where, options, { title: null, theme: 'auto', width: 480 });
    if (o.title !== null && typeof o.title !== 'string')
      throw typeError(`${where}: 'title' must be a text. Received: ${show(o.title)}`);
    const width = checkNumber(where, 'width', o.width, { min: 280, max: 4000 });
    this.#picture = { ...picture, title: o.title ?? picture.title };
    this.svg = draw(this.#picture, width, checkOneOf(where, 'theme', o.theme, THEMES));
  }

  /** The same picture as a specification of Vega-Lite, with its numbers. */
  toVegaLite(): Record<string, unknown> {
    return vegaLiteOf(this.#picture);
  }

  /** Writes the SVG. Throws RuntimeError ERR_WRITE where that cannot be. */
  save(file: string | URL): void {
    if (!(file instanceof URL) && (typeof file !== 'string' || file === ''))
      throw typeError(`plot: 'file' must be a path such as 'curves.svg'. Received: ${show(file)}`);
    const path = file instanceof URL ? fileURLToPath(file) : file;
    try {
      writeFileSync(path, this.svg);
    } catch (error) {
      throw Object.assign(
        new RuntimeError(
          `plot: cannot write '${path}': ${(error as Error).message}. Is the folder there, and may it be written?`,
          'ERR_WRITE',
        ),
        { cause: error },
      );
    }
  }

  toString(): string {
    return this.svg;
  }

  /** @internal */
  [jupyterDisplay](): MimeBundle {
    return { 'image/svg+xml': this.svg, 'text/plain': this.#picture.about };
  }

  /** @internal */
  [nodeInspect](): string {
    return `Plot(${this.#picture.about})`;
  }
}

/** What all that can be drawn does with a `file` and options. */
export function plotTo(where: string, picture: Picture, file: string | URL | null | undefined, options?: PlotOptions): Plot {
  const plot = new Plot(where, picture, options);
  if (file !== undefined && file !== null) plot.save(file);
  return plot;
}

function pieces(picture: Picture, width: number): Drawn[] {
  if ('heat' in picture) return [drawHeat(picture.heat, width)];
  if ('stack' in picture) return [drawStack(picture.stack, width)];
  const margin = marginOf(picture.panels);
  return [legend(picture.panels, width), ...picture.panels.map((panel) => drawPanel(panel, width, margin))];
}

function draw(picture: Picture, width: number, theme: Theme): string {
  const { name, css } = styleOf(theme);
  const inner = width - 2 * MARGIN;
  let y = MARGIN;
  const parts: string[] = [];
  if (picture.title) {
    parts.push(text(MARGIN, y + 14, cutTo(picture.title, inner, 15), 'head'));
    y += 32;
  }
  for (const { svg, height } of pieces(picture, inner)) {
    if (height > 0) parts.push(element('g', { transform: `translate(${MARGIN} ${y})` }, svg));
    y += height + (height > 0 ? 6 : 0);
  }
  const height = Math.ceil(y + MARGIN - 10);
  const size = { width, height, viewBox: `0 0 ${width} ${height}`, class: name, role: 'img' };
  return `${element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...size },
    `\n<title>${escapeText(picture.about)}</title>\n<style>\n${css}\n</style>\n`,
    element('rect', { width: '100%', height: '100%', class: 'paper' }),
    `\n${parts.join('\n')}\n`,
  )}\n`;
}
