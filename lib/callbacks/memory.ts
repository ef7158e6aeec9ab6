import type { Callback } from './callback.js';

/** What one callback must know to go on after a crash. */
export interface CallbackMemory {
  className: string;
  state: unknown;
}

/** How files and messages name a callback. */
export const callbackName = (callback: Callback): string =>
  callback.constructor.name === 'PlainCallback' ? 'object' : callback.constructor.name;

/** Those that remember something, in their order. */
export const remembering = (callbacks: readonly Callback[]): Callback[] => callbacks.filter((c) => c.getState);

/** What they remember. One that must put something away first is waited for. */
export async function memoriesOf(callbacks: readonly Callback[]): Promise<CallbackMemory[]> {
  const out: CallbackMemory[] = [];
  for (const callback of remembering(callbacks))
    out.push({ className: callbackName(callback), state: await callback.getState?.() });
  return out;
}
