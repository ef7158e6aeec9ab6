import { show, typeError } from '../errors.js';

/** Signals that a fit may be told to end by. */
export type HandledSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGBREAK';
const KNOWN: readonly string[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK'];

export function readSignals(given: unknown): HandledSignal[] {
  if (given === null || given === undefined) return [];
  if (!Array.isArray(given) || !given.every((name) => KNOWN.includes(name as string)))
    throw typeError(`fit: 'handleSignals' must be a list of ${KNOWN.map((n) => `'${n}'`).join(', ')}. Received: ${show(given)}`);
  return [...new Set(given as HandledSignal[])];
}

/** Ends a training after the batch that is running, at the word of the system; a second word ends the process as ever. */
export class Interruption {
  #reason: 'signal' | null = null;
  readonly #listeners: [HandledSignal, () => void][];

  /** @param end ends what runs in the engine */
  constructor(signals: readonly HandledSignal[], end: () => void) {
    this.#listeners = signals.map((signal) => [
      signal,
      () => {
        if (this.#reason) {
          this.release();
          process.kill(process.pid, signal);
          return;
        }
        this.#reason = 'signal';
        end();
      },
    ]);
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
  }

  get reason(): 'signal' | null {
    return this.#reason;
  }

  release(): void {
    for (const [signal, listener] of this.#listeners) process.removeListener(signal, listener);
  }
}
