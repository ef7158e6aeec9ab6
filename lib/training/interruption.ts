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

/** Why a training ends in the middle of an epoch. */
export type InterruptionReason = 'signal' | 'timeLimit';

/** Ends a training after the batch that is running, at the word of the system; a second word ends the process as ever. */
export class Interruption {
  #reason: InterruptionReason | null = null;
  readonly #listeners: [HandledSignal, () => void][];

  /** @param end ends what runs in the engine */
  constructor(
    signals: readonly HandledSignal[],
    private readonly end: () => void,
  ) {
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

  get reason(): InterruptionReason | null {
    return this.#reason;
  }

  /** For another reason than a signal. */
  interrupt(reason: InterruptionReason): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.end();
  }

  release(): void {
    for (const [signal, listener] of this.#listeners) process.removeListener(signal, listener);
  }
}
