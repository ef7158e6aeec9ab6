// Runs the native tests as several processes, as many as there are cores.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './shell.mjs';

/** One of several parts of the tests; its output is shown at once when it has ended. */
function shard(program, args, env) {
  return new Promise((done, fail) => {
    const tests = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [tests.stdout, tests.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    tests.on('error', fail);
    tests.on('close', (code, signal) => {
      process.stdout.write(output);
      if (signal) console.error(`${program} was ended by ${signal}`);
      done(code === 0);
    });
  });
}

/** Whether all passed, and how many there were: `{ passed, counts: { tests, failures, errors, disabled } }`. `env` is added to the environment. */
export async function runNativeTests(program, args, env) {
  const reports = mkdtempSync(join(tmpdir(), 'gemmfit-tests-'));
  try {
    const files = Array.from({ length: availableParallelism() }, (_, i) => join(reports, `${i}.json`));
    const passed = await Promise.all(
      files.map((file, i) =>
        shard(program, ['--gtest_brief=1', `--gtest_output=json:${file}`, ...args], {
          ...process.env,
          ...env,
          GTEST_TOTAL_SHARDS: String(files.length),
          GTEST_SHARD_INDEX: String(i),
        }),
      ),
    );
    const counts = { tests: 0, failures: 0, errors: 0, disabled: 0 };
    // A process that was ended leaves none.
    for (const file of files.filter(existsSync)) {
      const report = JSON.parse(readFileSync(file, 'utf8'));
      for (const key of Object.keys(counts)) counts[key] += report[key] ?? 0;
    }
    return { passed: passed.every(Boolean), counts };
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}
