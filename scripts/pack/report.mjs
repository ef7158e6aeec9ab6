// The course of npm run test:pack: each check is printed with its time, goes on after a failure, and is counted.
import { Failure, seconds } from '../lib/shell.mjs';

const counts = { passed: 0, failed: 0, skipped: 0 };
export const figures = {};

/** Runs one check; its result, or undefined where it failed. */
export async function check(name, body) {
  const start = performance.now();
  try {
    const result = await body();
    counts.passed += 1;
    console.log(`pack: ok       ${name}${typeof result === 'string' ? `: ${result}` : ''} (${seconds(start)})`);
    return result ?? true;
  } catch (error) {
    counts.failed += 1;
    console.error(`pack: FAILED   ${name} (${seconds(start)}): ${error instanceof Failure ? error.message : error.stack}`);
    return undefined;
  }
}

/** Says aloud that something was not tried. */
export function skip(name, why) {
  counts.skipped += 1;
  console.log(`pack: SKIPPED  ${name}: ${why}`);
}

export const fail = (message) => {
  throw new Failure(message);
};

/** Fails where there is something wrong. */
export const none = (wrong) => {
  if (wrong.length) fail(wrong.join('; '));
};

export function verdict() {
  console.log(`pack: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed) throw new Failure(`${counts.failed} checks failed`);
}
