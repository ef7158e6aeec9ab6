// npm run test:bits -- --out FILE | --compare FILE: trains every case of test/parity, a few steps of each workload of the bench and 50 random stacks,
// on one thread and on two, and hashes weights, histories and predictions. For moves that must change no bit: write the hashes before,
// compare after, on one machine. Hashes are not kept: they hang on the processor and on its BLAS.
//   --only TEXT     cases whose names have it: parity:, bench:W4, stack:7
// Exit status 1 where two threads give other bits than one, or where something differs from FILE.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Failure, main, root, seconds } from '../../scripts/lib/shell.mjs';
import { makeBundles } from '../stacks/bundle.mjs';
import { runCases } from '../stacks/runs.mjs';
import { names } from './cases.mjs';

const { values: flags } = parseArgs({
  options: { out: { type: 'string' }, compare: { type: 'string' }, only: { type: 'string', default: '' } },
});
const cases = new URL('cases.mjs', import.meta.url).href;
const atOnce = 40;

/** Hashes of cases, by name. What failed has its reason in place of a hash. */
async function hashes(wanted, threads) {
  const found = {};
  for (let i = 0; i < wanted.length; i += atOnce) {
    const part = wanted.slice(i, i + atOnce);
    const results = await runCases({ cases, folder: root, names: part, env: { GEMMFIT_NUM_THREADS: String(threads) } });
    for (const [name, { hash, died, error }] of results) found[name] = hash ?? `failed: ${died ?? error.split('\n')[0]}`;
  }
  return found;
}

main('bits', async () => {
  if (!flags.out && !flags.compare)
    throw new Failure('give --out FILE, to write hashes, or --compare FILE, to compare with them');
  const begin = performance.now();
  const before = flags.compare && JSON.parse(readFileSync(flags.compare, 'utf8'));
  makeBundles();
  const wanted = names().filter((name) => name.includes(flags.only));
  const [one, two] = [await hashes(wanted, 1), await hashes(wanted, 2)];
  const wrong = [];
  for (const name of wanted) {
    if (one[name].startsWith('failed')) wrong.push(`${name}: ${one[name]}`);
    else if (one[name] !== two[name]) wrong.push(`${name}: two threads give other bits than one (${two[name]})`);
    if (!before) continue;
    if (!(name in before)) console.log(`bits: ${name} is new`);
    else if (before[name] !== one[name]) wrong.push(`${name}: other bits than in ${flags.compare}`);
  }
  for (const name of Object.keys(before ?? {}))
    if (name.includes(flags.only) && !wanted.includes(name)) wrong.push(`${name}: is in ${flags.compare} and no more`);
  if (flags.out) writeFileSync(flags.out, `${JSON.stringify(one, null, 2)}\n`);
  for (const line of wrong) console.log(`✗ ${line}`);
  console.log(`bits: ${wanted.length} cases, ${wrong.length} differ or failed (${seconds(begin)})`);
  if (wrong.length) process.exitCode = 1;
});
