import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** Every path of native/engine/paths.def, taken by stacks of layers in a process of its own. */
async function pathsOf(threads: number, guard: boolean): Promise<{ paths: Record<string, number>; digest: string }> {
  const env = { ...process.env, GEMMFIT_GUARD: guard ? '1' : '0', GEMMFIT_NUM_THREADS: String(threads) };
  const { stdout } = await run(process.execPath, [join(__dirname, 'path_stacks.mjs')], { env });
  return JSON.parse(stdout);
}

describe('paths that sizes choose', () => {
  let one: Awaited<ReturnType<typeof pathsOf>>;
  beforeAll(async () => {
    one = await pathsOf(1, true);
  }, 240_000);

  it('are each taken in every mode there is, and the guard finds nothing', () => {
    expect(Object.keys(one.paths).length).toBeGreaterThan(100);
    // What is named here wants a stack in path_stacks.mjs.
    expect(Object.entries(one.paths).flatMap(([name, times]) => (times > 0 ? [] : name))).toEqual([]);
  });

  it('give the same bits on two threads, and with memory shared as it is without the guard', async () => {
    const two = await pathsOf(2, true);
    expect(two.digest).toBe(one.digest);
    expect(Object.values(two.paths).every((times) => times > 0)).toBe(true);
    const unguarded = await pathsOf(2, false);
    expect(unguarded.digest).toBe(one.digest);
    expect(Object.values(unguarded.paths).every((times) => times === 0)).toBe(true);
  }, 240_000);
});
