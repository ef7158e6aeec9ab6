// Programs as users run them: outside of this folder, without this project's settings, and without a network unless they say otherwise.
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure, which } from '../lib/shell.mjs';

/** npm's program and its folder. */
export const npmCli = /npm-cli\.c?js$/.test(process.env.npm_execpath ?? '')
  ? process.env.npm_execpath
  : realpathSync(which('npm') ?? join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js'));
export const npmFolder = dirname(dirname(npmCli));

// A network of its own, which leads nowhere. Without root's rights a user may have it under another name.
const isolations = [
  ['unshare', '--net'],
  ['unshare', '--map-root-user', '--net'],
];
/** What a command begins with to have no network, or undefined where the system has no such thing. */
export const isolation = isolations.find(([program, ...args]) => spawnSync(program, [...args, 'true']).status === 0);

const ours = /^(npm_(package|lifecycle)_|GEMMFIT_|NODE_OPTIONS$|NODE_PATH$|INIT_CWD$)/i;
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));

/** What a program prints; a Failure that holds it where the program fails. */
export function output(command, { network = false, env = {}, timeout = 600_000, ...options } = {}) {
  const [program, ...args] = [...(network ? [] : (isolation ?? [])), ...command];
  const done = spawnSync(program, args, {
    env: { ...environment, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    timeout,
    ...options,
  });
  if (done.status === 0) return done.stdout;
  const how = done.error?.message ?? done.signal ?? `exit status ${done.status}`;
  const printed = `${done.stdout ?? ''}${done.stderr ?? ''}`.trim().split('\n');
  throw new Failure([`${command.join(' ')} (${how})`, ...printed.slice(-25)].join('\n    '));
}

/** What a JavaScript program prints. */
export const node = (args, options) => output([process.execPath, ...args], options);
