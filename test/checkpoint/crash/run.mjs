// npm run test:crash [-- --runs 1000 --seed 1 --jobs 2 --only 'a name']: trainings of every kind, killed at any instant and taken up again, come to the bits
// of those that were not killed. They are trained in processes of their own.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generator, trainings } from './trainings.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    only: { type: 'string' },
  },
});
const runs = Number(values.runs);
const firstSeed = Number(values.seed);

// Names alone: nothing is made of the package here.
const anything = new Proxy(() => anything, { get: () => anything, apply: () => anything });
const names = Object.keys(trainings(anything, '')).filter((name) => !values.only || name.includes(values.only));

/** A process that trains. */
class Child {
  #process = spawn(process.execPath, [join(fileURLToPath(new URL('.', import.meta.url)), 'child.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  #hear = () => {};
  warnings = [];

  constructor() {
    this.ended = new Promise((resolve) => this.#process.once('exit', (code, signal) => resolve({ code, signal })));
    this.#process.stdin.on('error', () => {});
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      let said;
      try {
        said = JSON.parse(line);
      } catch {
        return;
      }
      if (said.warning) this.warnings.push(said.warning);
      this.#hear(said);
    });
  }
  kill(signal) {
    this.#process.kill(signal);
  }
  /** Trains. Where `killAfter` milliseconds of training are given it is killed then; null where that came before the end. */
  async train(task, killAfter = null, signal = 'SIGKILL') {
    let timer = null;
    const answer = new Promise((resolve) => {
      this.#hear = (said) => {
        if (said.begins && killAfter !== null) timer = setTimeout(() => this.kill(signal), killAfter);
        if (said.result || said.error) resolve(said);
      };
    });
    this.#process.stdin.write(`${JSON.stringify(task)}\n`);
    const said = await Promise.race([answer, this.ended.then(({ signal: by, code }) => ({ died: by ?? code }))]);
    if (timer) clearTimeout(timer);
    this.#hear = () => {};
    if (said.error) throw new Error(said.error);
    // SIGTERM ends it where the fit is over already, or not yet begun.
    if (said.died === signal) return null;
    if (said.died !== undefined) throw new Error(`the process ended: ${said.died}`);
    return said.result;
  }
  end() {
    this.#process.stdin.end();
    return this.ended;
  }
}

const counts = { runs: 0, killed: 0, early: 0, again: 0, finished: 0, signals: 0, resumed: 0, torn: 0, failed: 0 };
const root = mkdtempSync(join(tmpdir(), 'gemmfit-crash-'));

async function run(seed, steady) {
  const r = generator(seed + 7777);
  const name = names[seed % names.length];
  const at = (kind) => join(root, `${seed}-${kind}`);
  const task = { name, seed, threads: 1 + r.below(2) };
  // Without checkpoints: what is written must not change what is trained.
  let heard = steady.warnings.length;
  const whole = await steady.train({ ...task, folder: at('whole'), checkpoint: false });
  const expected = steady.warnings.slice(heard);
  heard = steady.warnings.length;
  const folder = at('killed');
  const resumed = { ...task, folder, checkpoint: true };
  const kills = r.pick([1, 1, 1, 2, 3]);
  let result = null;
  let killed = 0;
  for (let i = 0; i < kills && !result; i++) {
    const signal = r.pick(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM']);
    const victim = new Child();
    // Writing takes its time, too.
    const after = r.next() * (2 * whole.ms + 60);
    const got = await victim.train({ ...resumed, threads: 1 + r.below(2), signals: signal === 'SIGTERM' }, after, signal);
    if (got && got.stopped !== 'signal') result = got;
    else if (got) counts.signals++;
    else killed++;
    await victim.end();
  }
  counts.killed += killed;
  if (killed > 1) counts.again++;
  const written = existsSync(join(folder, 'checkpoints')) ? readdirSync(join(folder, 'checkpoints')) : [];
  if (written.some((f) => f.endsWith('.tmp'))) counts.torn++;
  if (result) counts.finished++;
  else if (!written.some((f) => f.endsWith('.safetensors'))) counts.early++;
  result ??= await steady.train({ ...resumed, threads: 1 + r.below(2) });
  if (result.resumed) counts.resumed++;
  const differs = ['weights', 'later', 'iterations', 'history', 'files', 'stopped'].filter(
    (key) => JSON.stringify(result[key]) !== JSON.stringify(whole[key]),
  );
  const warned = steady.warnings
    .slice(heard)
    .filter((warning) => !expected.some((other) => other.split(':')[0] === warning.split(':')[0]));
  const left = existsSync(join(folder, 'checkpoints'))
    ? readdirSync(join(folder, 'checkpoints')).filter((f) => f.endsWith('.tmp'))
    : [];
  if (left.length) differs.push(`left: ${left}`);
  counts.runs++;
  if (differs.length || warned.length) {
    counts.failed++;
    console.log(
      `FAILED seed ${seed}, ${name}: ${differs.join(', ')} ${warned.join(' ')} (resumed from ${JSON.stringify(result.resumed)})`,
    );
    for (const key of differs.slice(0, 6))
      console.log(`  ${key}: ${String(whole[key]).slice(0, 300)}\n   not: ${String(result[key]).slice(0, 300)}`);
    return;
  }
  rmSync(at('whole'), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

const start = Date.now();
let next = 0;
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    let steady = new Child();
    while (next < runs) {
      const seed = firstSeed + next++;
      try {
        await run(seed, steady);
      } catch (error) {
        counts.failed++;
        console.log(`FAILED seed ${seed}, ${names[seed % names.length]}: ${error.stack}`);
        steady.kill('SIGKILL');
        steady = new Child();
      }
    }
    await steady.end();
  }),
);
const { runs: done, killed, again, early, finished, signals, resumed, torn, failed } = counts;
console.log(
  `crash: ${done} trainings of ${names.length} kinds, ${killed} kills (${again} trainings more than once, ${early} before the first checkpoint, ${torn} inside a write), ${signals} ends by SIGTERM, ${finished} done before the kill; ${resumed} went on from a checkpoint; ${failed} with other bits than the run without a kill (${Math.round((Date.now() - start) / 1000)} s)`,
);
if (failed === 0) rmSync(root, { recursive: true, force: true });
else console.log(`crash: what failed is in ${root}`);
process.exitCode = failed ? 1 : 0;
