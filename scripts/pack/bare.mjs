// A system with nothing but Node: Debian's smallest, in a folder, with this machine's Node and npm copied into it, and no network.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { root, run, which } from '../lib/shell.mjs';
import { overridesFor, packDependencies } from './dependencies.mjs';
import { example, oneEpoch } from './example.mjs';
import { npmFolder, output } from './programs.mjs';
import { check, fail, figures, skip } from './report.mjs';

const base = join(root, 'build/bare');
const compilers = ['cc', 'gcc', 'g++', 'c++', 'clang', 'cmake', 'make', 'ninja', 'python3'];

const release = () => readFileSync('/etc/os-release', 'utf8').match(/^VERSION_CODENAME=(\w+)/m)?.[1];

/** Where this machine's apt gets its release from. */
function mirror() {
  const { stdout = '' } = spawnSync('apt-get', ['indextargets', '--format', '$(RELEASE) $(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  return stdout.match(new RegExp(`^${release()} (.*)$`, 'm'))?.[1];
}

/** Why there can be no such system here, or undefined. */
function obstacle() {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid() !== 0) return 'it needs root';
  if (!which('apt-get') || !mirror()) return 'it needs apt and a mirror that apt knows';
  if (!which('debootstrap')) spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'debootstrap']);
  if (!which('debootstrap')) return 'debootstrap is not there and cannot be installed';
  if (spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true']).status !== 0) return 'namespaces are not allowed';
  return undefined;
}

/** The system, made once and kept. */
function system() {
  if (existsSync(base)) return 'as it was made before';
  const fresh = `${base}.new`;
  rmSync(fresh, { recursive: true, force: true });
  run('debootstrap', ['--variant=minbase', release(), fresh, mirror()], { quiet: true });
  renameSync(fresh, base);
  return undefined;
}

function addNode() {
  const inside = (path) => join(base, 'usr/local', path);
  for (const path of ['bin', 'lib/node_modules']) {
    rmSync(inside(path), { recursive: true, force: true });
    mkdirSync(inside(path), { recursive: true });
  }
  copyFileSync(process.execPath, inside('bin/node'));
  cpSync(npmFolder, inside('lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', inside('bin/npm'));
}

// /proc is a part of every system that runs; it goes with the namespace.
const enter =
  'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin sh -c "$1"';
const within = (command) =>
  output(['unshare', '--net', '--mount', '--pid', '--fork', 'sh', '-c', enter, base, command], { network: true, cwd: '/' });
const timed = (command) => {
  const start = performance.now();
  within(command);
  return performance.now() - start;
};

export async function bareSystem(tarball) {
  const why = obstacle();
  if (why) return skip('a bare system with only Node', why);
  if (!(await check(`a bare system with only Node (debootstrap --variant=minbase ${release()})`, system))) return;
  await check('no compiler is in it', () => {
    addNode();
    const found = within(`for tool in ${compilers.join(' ')}; do command -v $tool || true; done`).trim();
    return found ? fail(`it has ${found}`) : within('node --version').trim();
  });
  const home = join(base, 'root/app');
  const again = () => {
    rmSync(join(base, 'root'), { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    copyFileSync(tarball, join(base, 'root', basename(tarball)));
    const dependencies = packDependencies(join(base, 'root/dependencies')).map(({ name, file }) => ({
      name,
      file: file.slice(base.length),
    }));
    writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, ...overridesFor(dependencies) }));
    writeFileSync(join(home, 'first_epoch.mjs'), oneEpoch(example().mjs));
  };
  // The first time reads Node and npm from the disk: it is done without being counted.
  again();
  within('npm --version');
  await check('npm i and a first epoch, without a network', () => {
    const install = timed(`cd /root/app && npm i ../${basename(tarball)}`);
    const epoch = timed('cd /root/app && node first_epoch.mjs');
    figures.bare = { install, epoch };
    const holds = (milliseconds, limit) =>
      `${(milliseconds / 1000).toFixed(2)} s (${milliseconds <= limit ? 'under' : 'OVER'} ${limit / 1000} s)`;
    return `installed in ${holds(install, 3000)}, a first epoch trained ${holds(install + epoch, 5000)} after npm i was typed`;
  });
}
