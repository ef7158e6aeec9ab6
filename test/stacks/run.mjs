// npm run test:stacks [-- ...]: random stacks are predicted, trained and evaluated on one and on two threads, twice, and their bits compared.
//   --seconds N     goes on with other stacks until so many seconds are over (default 120); those of the fixed set run in any case
//   --of-each N     stacks of each layer in the fixed set (default 2; 0: none)
//   --from N        seed of the first of the others (default: another each day)
//   --seed NAME     only this one, as a failure names it: 123, or 123:Conv2D. May be repeated
//   --threads LIST  threads of each run (default 1,2,2); the last run guards the engine's memory
//   --package DIR   the package to try (default: this clone). GEMMFIT_ADDON_PATH names another binary.
//   --report FILE   writes how many were tried and how many failed
// Exit status 1 where a stack failed.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, root, seconds } from '../../scripts/lib/shell.mjs';
import { makeBundles, stacksBundle } from './bundle.mjs';
import { runCases, runsOf } from './runs.mjs';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    'of-each': { type: 'string', default: '2' },
    from: { type: 'string' },
    seed: { type: 'string', multiple: true },
    threads: { type: 'string', default: '1,2,2' },
    report: { type: 'string' },
    package: { type: 'string', default: root },
  },
});
const cases = new URL('cases.mjs', import.meta.url).href;
const atOnce = 16;

function numberOf(flag, text, least) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Failure(`--${flag} takes whole numbers from ${least} on. Received: ${text}`);
  return value;
}

/** What is wrong with a stack, from its results in all runs; undefined where nothing is. */
function fault(results, labels) {
  for (const [i, { died, error, problem, story }] of results.entries()) {
    if (died) return `${labels[i]}: ended by ${died}${story ? `: ${story}` : ''}${error ? `\n    ${error}` : ''}`;
    if (error) return `${labels[i]}: ${error.split('\n').slice(0, 4).join('\n    ')}`;
    if (problem) return `${labels[i]}: ${problem}`;
  }
  const other = results.findIndex((result) => result.hash !== results[0].hash);
  return other > 0 ? `other bits on ${labels[other]} than on ${labels[0]}` : undefined;
}

main('stacks', async () => {
  const begin = performance.now();
  const threads = flags.threads.split(',').map((text) => numberOf('threads', text, 1));
  const end = begin + numberOf('seconds', flags.seconds, 0) * 1000;
  makeBundles();
  const { fixedSet, nameOf, parseName } = await import(stacksBundle);
  const only = flags.seed?.map((text) => nameOf(parseName(text)));
  const queue = only ?? fixedSet(numberOf('of-each', flags['of-each'], 0)).map(nameOf);
  let seed =
    flags.from === undefined ? (Math.floor(Date.now() / 86_400_000) % 100_000) * 10_000 : numberOf('from', flags.from, 0);
  console.log(
    `stacks: ${queue.length} of the fixed set${only ? '' : `, then from seed ${seed} on`}, on ${flags.threads} threads`,
  );

  const runs = runsOf(threads);
  const [labels, folder] = [runs.map((run) => run.label), resolve(flags.package)];
  let [count, failed, infinite, refused] = [0, 0, 0, 0];
  while (queue.length || (!only && performance.now() < end)) {
    const names = queue.length ? queue.splice(0, atOnce) : Array.from({ length: atOnce }, () => String(seed++));
    const results = await Promise.all(runs.map(({ env }) => runCases({ cases, folder, names, env })));
    for (const name of names) {
      const of = results.map((result) => result.get(name));
      const wrong = fault(of, labels);
      count++;
      if (of[0].finite === false) infinite++;
      if (of[0].refused) refused++;
      if (!wrong) continue;
      failed++;
      console.log(`✗ ${name}: ${wrong}\n    alone: npm run test:stacks -- --seed ${name}`);
    }
  }
  console.log(
    `stacks: ${count} stacks, ${failed} failed, ${refused} refused for their masks, ${infinite} with losses that are not finite (${seconds(begin)})`,
  );
  if (flags.report) writeFileSync(flags.report, JSON.stringify({ stacks: count, failed }));
  if (failed) process.exitCode = 1;
});
