#!/usr/bin/env node
// npx gemmfit doctor: what a report of a problem needs to say. Exit status: 0 all is well, 1 there is a problem, 2 wrong arguments.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const usage = `Usage: gemmfit doctor [--json] [--seconds N] [--no-self-test]
       gemmfit --version

doctor tells the machine, the engine and its kernels, and tries whether they compute what they should, and how fast.
  --json           print it as JSON
  --seconds N      how long training is timed, and random stacks are tried, 0 to 60 (default 1)
  --no-self-test   do not try the engine`;

const options = {
  json: { type: 'boolean', default: false },
  seconds: { type: 'string', default: '1' },
  'no-self-test': { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};

async function doctor({ json, seconds, 'no-self-test': noSelfTest }) {
  const { diagnose, formatDiagnosis } = await import('../dist/diagnose.mjs');
  const diagnosis = await diagnose({ selfTest: !noSelfTest, seconds: Number(seconds) });
  console.log(json ? JSON.stringify(diagnosis, null, 2) : formatDiagnosis(diagnosis));
  process.exitCode = diagnosis.ok ? 0 : 1;
}

async function main() {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.version) console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
  else if (values.help) console.log(usage);
  else if (positionals.length === 1 && positionals[0] === 'doctor') await doctor(values);
  else throw new TypeError(positionals.length ? `unknown command: ${positionals.join(' ')}` : 'a command is missing');
}

try {
  await main();
} catch (error) {
  console.error(`gemmfit: ${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
