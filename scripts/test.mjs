// npm test [-- --only lint|native|vitest|stacks|sanitize [arguments of that part]]: every check there is, and the counts at the end.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildNativeTests } from './lib/native.mjs';
import { Failure, main, root, seconds, status, windows } from './lib/shell.mjs';

const reports = join(root, 'build/reports');

const { values, tokens } = parseArgs({
  options: { only: { type: 'string', multiple: true } },
  strict: false,
  allowPositionals: true,
  tokens: true,
});
// What this script does not know goes to the part: --gtest_filter=..., a test file's name, -t 'a test'.
const taken = tokens.filter((t) => t.name === 'only').flatMap((t) => (t.inlineValue ? [t.index] : [t.index, t.index + 1]));
const others = process.argv.slice(2).filter((_, index) => !taken.includes(index));

// Each part returns its exit status; a report that it leaves gives the counts.
const parts = {
  lint: (args) => status(process.execPath, ['scripts/lint.mjs', ...args]),

  native: (args, report) => {
    console.log('test: compiling the native tests');
    return status(buildNativeTests({ quiet: true }), ['--gtest_brief=1', `--gtest_output=json:${report}`, ...args]);
  },

  vitest: (args, report) => {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    return status(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args]);
  },

  stacks: (args, report) => status(process.execPath, ['test/stacks/run.mjs', '--report', report, ...args]),

  // With arguments of the native tests behind --: --only sanitize -- --gtest_filter=...
  sanitize: (args, report) =>
    windows ? 0 : status(process.execPath, ['scripts/sanitize.mjs', '--only', 'quick', '--report', report, '--', ...args]),
};

const ofGoogleTest = ({ tests, failures, errors = 0, disabled = 0 }) => [
  tests - failures - errors - disabled,
  failures + errors,
  disabled,
];
const counts = {
  native: ofGoogleTest,
  sanitize: ofGoogleTest,
  vitest: ({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }) => [
    numPassedTests,
    numFailedTests,
    numPendingTests + numTodoTests,
  ],
  stacks: ({ stacks, failed }) => [stacks - failed, failed, 0],
};

/** Runs a part; passed, failed and skipped tests. One that has no report counts as one test. */
function runPart(name) {
  const report = join(reports, `${name}.json`);
  rmSync(report, { force: true });
  let ok = false;
  try {
    ok = parts[name](others, report) === 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`test: ${error.message}`);
  }
  let [passed, failed, skipped] = ok ? [1, 0, 0] : [0, 1, 0];
  try {
    [passed, failed, skipped] = counts[name](JSON.parse(readFileSync(report, 'utf8')));
  } catch {}
  return { ok, passed, failed: ok ? failed : Math.max(1, failed), skipped };
}

main('test', () => {
  const names = values.only ?? Object.keys(parts);
  for (const name of names) {
    if (!parts[name]) throw new Failure(`--only is one of ${Object.keys(parts).join(', ')}. Received: ${name}`);
  }
  if (others.length && names.length !== 1)
    throw new Failure(`arguments (${others.join(' ')}) need --only, to say which part they are for`);
  mkdirSync(reports, { recursive: true });

  const results = names.map((name) => {
    const start = performance.now();
    const result = runPart(name);
    return { ...result, line: `${name} ${result.ok ? 'ok' : 'FAILED'} (${seconds(start)})` };
  });
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(results.map((result) => result.line).join(', '));
  console.log(`test: ${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') ? `, ${sum('skipped')} skipped` : ''}`);
  if (results.some((result) => !result.ok)) process.exitCode = 1;
});
