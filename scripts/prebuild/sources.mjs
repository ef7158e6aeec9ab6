// The libraries inside a binary, from sources whose bytes are known: those of Debian's packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root, run, which } from '../lib/shell.mjs';

const sources = {
  openblas: {
    version: '0.3.29',
    path: 'pool/main/o/openblas',
    file: 'openblas_0.3.29+ds.orig.tar.xz',
    sha256: 'eb691e2cff83799400da22aa6ab93ebaa346ad317fea578b7ae119e226ce1b01',
    binary: 'libopenblas-dev',
  },
  highway: {
    version: '1.0.3',
    path: 'pool/main/h/highway',
    file: 'highway_1.0.3.orig.tar.gz',
    sha256: '566fc77315878473d9a6bd815f7de78c73734acdcb745c3dde8579560ac5440e',
    binary: 'libhwy-dev',
  },
};

// The second keeps all that the first ever had.
const archives = ['https://deb.debian.org/debian', 'https://snapshot.debian.org/archive/debian/20250520T000000Z'];

/** Where this machine's apt gets a package from; the sources lie beside it. */
function aptFolder(binary) {
  if (!which('apt-get')) return undefined;
  const { stdout = '' } = spawnSync('apt-get', ['download', '--print-uris', binary], { encoding: 'utf8' });
  return stdout.match(/^'(http[^']*)\/[^/']+'/m)?.[1];
}

async function download(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(300_000) });
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : `status ${answer.status}`;
  } catch (error) {
    return error.cause?.message ?? error.message;
  }
}

/** Unpacks a source below build/sources, once, and returns its folder. */
export async function source(name) {
  const { version, path, file, sha256, binary } = sources[name];
  const folder = join(root, 'build/sources', `${name}-${version}`);
  if (existsSync(folder)) return folder;

  const folders = [aptFolder(binary), ...archives.map((archive) => `${archive}/${path}`)].filter(Boolean);
  const failures = [];
  let bytes;
  for (const from of folders) {
    const url = `${from}/${encodeURIComponent(file)}`;
    const got = await download(url);
    const digest = Buffer.isBuffer(got) ? createHash('sha256').update(got).digest('hex') : undefined;
    if (digest === sha256) {
      bytes = got;
      break;
    }
    failures.push(`${url}: ${digest ? `its sha256 is ${digest}` : got}`);
  }
  if (!bytes) throw new Failure(`${file} with sha256 ${sha256} could not be had from\n  ${failures.join('\n  ')}`);

  const packed = join(root, 'build/sources', file);
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  writeFileSync(packed, bytes);
  run('tar', ['-xf', packed, '-C', fresh, '--strip-components=1']);
  renameSync(fresh, folder);
  return folder;
}

/** What a build of a source was made from. */
export const sourcePrint = (name) => `${name} ${sources[name].sha256} ${readFileSync(new URL(import.meta.url)).length}`;
