import type { Picture } from './chart.js';
import { jupyterDisplay, type MimeBundle } from './mime.js';
import { Plot, type PlotOptions, plotTo } from './plot.js';

/** Numbers with a picture of them. */
export abstract class Drawable {
  /** @internal Where errors say that they come from. */
  protected abstract readonly where: string;
  /** @internal */
  protected abstract picture(): Picture;

  /** The picture, written to `file` where one is given. */
  plot(file?: string | URL | null, options?: PlotOptions): Plot {
    return plotTo(`${this.where}.plot`, this.picture(), file, options);
  }

  /** The picture as a specification of Vega-Lite, with its numbers. */
  toVegaLite(): Record<string, unknown> {
    return new Plot(`${this.where}.toVegaLite`, this.picture()).toVegaLite();
  }

  /** @internal */
  [jupyterDisplay](): MimeBundle {
    return this.plot()[jupyterDisplay]();
  }
}
