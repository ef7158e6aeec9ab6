import { inOrder } from '../in_order.js';
import type { Parsed, Part } from './part.js';
import type { Plan } from './plan.js';
import { openReader } from './reader.js';
import { Workers } from './workers.js';

/** Reads parts here, or in so many threads; what comes of them keeps their order. */
export async function* readParts(
  plan: Plan,
  parts: AsyncIterable<Part>,
  workers: number,
): AsyncGenerator<Parsed, void, undefined> {
  if (workers === 0) {
    const read = await openReader(plan);
    for await (const part of parts) yield await read(part);
    return;
  }
  const threads = new Workers(workers, { plan });
  const tasks = async function* () {
    for await (const part of parts) yield () => threads.run(part) as Promise<Parsed>;
  };
  try {
    // One more for each thread than it works on, so that none waits for this one.
    yield* inOrder(tasks(), 2 * workers);
  } finally {
    await threads.close();
  }
}
