// The same cases in several processes, side by side: each kind of run has its threads and its environment.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('child.mjs', import.meta.url));
const longest = 300_000;

/** What a run is: how many threads, and one with guards around the engine's memory and rubbish in what malloc gives. */
export const runsOf = (threads) =>
  threads.map((count, i) => ({
    label: `${count} thread${count > 1 ? 's' : ''}${i > 0 && i === threads.length - 1 ? ', guarded' : ''}`,
    env: {
      GEMMFIT_NUM_THREADS: String(count),
      ...(i > 0 && i === threads.length - 1 ? { GEMMFIT_GUARD: '1', MALLOC_PERTURB_: '165' } : {}),
    },
  }));

function start(args, env) {
  return new Promise((done, fail) => {
    const process_ = spawn(process.execPath, [child, ...args], { env: { ...process.env, ...env }, timeout: longest });
    const out = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) process_[stream].setEncoding('utf8').on('data', (text) => (out[stream] += text));
    process_.on('error', fail);
    process_.on('close', (code, signal) => done({ ...out, code, signal }));
  });
}

/**
 * Results by name. A case that ends the process has { died, story, error }, and those after it run in another.
 * @param cases address of the module that runs them
 * @param folder of the package
 */
export async function runCases({ cases, folder, names, env }) {
  const results = new Map();
  let left = names;
  while (left.length) {
    const { stdout, stderr, code, signal } = await start([cases, folder, ...left], env);
    for (const line of stdout.split('\n').filter((text) => text.startsWith('{"name"'))) {
      const { name, ...result } = JSON.parse(line);
      results.set(name, result);
    }
    left = left.filter((name) => !results.has(name));
    if (!left.length) break;
    const lines = stderr.split('\n');
    const told = lines
      .filter((line) => line.startsWith('at '))
      .at(-1)
      ?.slice(3);
    const rest = lines.filter((line) => line.trim() && !/^(at |\(node|\(Use)/.test(line)).slice(0, 3);
    results.set(left[0], { died: signal ?? `exit status ${code}`, story: told, error: rest.join('\n') });
    left = left.slice(1);
  }
  return results;
}
