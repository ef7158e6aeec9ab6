import { show, typeError, ValueError } from '../errors.js';
import { checkOneOf } from '../options.js';
import type { Logs } from './callback.js';
import { direction, MODES, type Mode, Monitor } from './monitor.js';
import type { CallbackParams, WatchedModel } from './types.js';

/** One value of the logs that is to get better. */
interface Watched {
  monitor: Monitor;
  mode: Mode;
  larger: boolean;
  best: number;
}

/** Values of the logs, one or several, and the best that each has come to. */
export class Watch {
  readonly names: readonly string[];
  readonly #all: readonly Watched[];

  constructor(where: string, monitor: unknown, mode: unknown) {
    const names: unknown[] = Array.isArray(monitor) ? monitor : [monitor];
    if (names.length === 0 || !names.every((name) => typeof name === 'string'))
      throw typeError(
        `${where}: 'monitor' must be the name of a value in the logs, or a list of names. Received: ${show(monitor)}`,
      );
    this.names = names as string[];
    const modes: unknown[] = Array.isArray(mode) ? mode : this.names.map(() => mode);
    if (modes.length !== names.length)
      throw new ValueError(
        `${where}: 'mode' must be one, or one for each of the ${names.length} values of 'monitor'. Received: ${modes.length}`,
        'ERR_LENGTHS',
      );
    this.#all = this.names.map((name, i) => ({
      monitor: new Monitor(where, name),
      mode: checkOneOf(where, 'mode', modes[i], MODES),
      larger: false,
      best: Number.POSITIVE_INFINITY,
    }));
  }

  /** A training begins. */
  begin(model: Pick<WatchedModel, 'metricDirection'>, growing: RegExp): void {
    for (const one of this.#all) {
      one.monitor.reset();
      one.larger = direction(one.monitor.name, one.mode, model, growing) === 'max';
      one.best = one.larger ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
  }

  /** The values of an epoch; null where none is to be compared. */
  read(logs: Logs, params?: CallbackParams): (number | undefined)[] | null {
    const values = this.#all.map(({ monitor }) => monitor.read(logs, params));
    return values.every((value) => value === undefined) ? null : values;
  }
  warnUnseen(logs: Logs): void {
    for (const { monitor } of this.#all) monitor.warnUnseen(logs);
  }

  /** Whether a value is better than another, by more than `delta`. */
  isBetter(index: number, value: number, than: number, delta: number): boolean {
    return this.#all[index].larger ? value - delta > than : value + delta < than;
  }
  /** As `isBetter`, with the delta added to the other: at large numbers rounding tells them apart, and Keras's callbacks do it in these two ways. */
  isFurther(index: number, value: number, than: number, delta: number): boolean {
    return this.#all[index].larger ? value > than + delta : value < than - delta;
  }
  /** Whether a value has come as far as it should. */
  reaches(index: number, value: number, target: number): boolean {
    return this.#all[index].larger ? value >= target : value <= target;
  }
  /** Takes values that are better than the best as such; tells which are. */
  improve(values: readonly (number | undefined)[], isBetter: (index: number, value: number, best: number) => boolean): boolean[] {
    return this.#all.map((one, i) => {
      const value = values[i];
      if (value === undefined || !isBetter(i, value, one.best)) return false;
      one.best = value;
      return true;
    });
  }

  /** Of the one value; of several a list. */
  get best(): number | number[] {
    const all = this.#all.map(({ best }) => best);
    return all.length === 1 ? all[0] : all;
  }
  set best(values: number | number[]) {
    const all = Array.isArray(values) ? values : [values];
    for (const [i, one] of this.#all.entries()) one.best = all[i] ?? one.best;
  }
}
