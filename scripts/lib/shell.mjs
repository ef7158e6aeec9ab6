// What the scripts share: the project's folder, and running programs with their output shown or kept for a failure.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const windows = process.platform === 'win32';

/** A failure that is told in its message alone: the scripts print it without a stack and exit 1. */
export class Failure extends Error {}

/** Path of the first of these programs that PATH has, or undefined. */
export function which(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, windows ? `${name}.exe` : name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {}
    }
  }
  return undefined;
}

/** Exit status of a program whose output goes to this terminal. */
export function status(program, args, options = {}) {
  const done = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (done.error) throw new Failure(`cannot run ${program}: ${done.error.message}`);
  if (done.signal) console.error(`${program} was ended by ${done.signal}`);
  return done.status ?? 1;
}

/** Runs a program and throws a Failure where it fails. `quiet`: its output is shown only then. */
export function run(program, args, { quiet = false, ...options } = {}) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
  const done = spawnSync(program, args, { cwd: root, stdio, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.error) throw new Failure(`cannot run ${program}: ${done.error.message}`);
  if (done.status === 0) return done.stdout ?? '';
  if (quiet) process.stderr.write(done.stdout + done.stderr);
  throw new Failure(`failed (${done.signal ?? `exit status ${done.status}`}): ${[program, ...args].join(' ')}`);
}

/** Runs a JavaScript program of node_modules, without npx and its look at the network. */
export const nodeTool = (path, args, options) => run(process.execPath, [join(root, 'node_modules', path), ...args], options);

/** Runs a script's main function; a Failure is printed as one message. */
export async function main(name, body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
  }
}

export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
