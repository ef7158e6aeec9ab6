// The libraries inside a binary, from sources whose bytes are known: those of Debian's packages, or the archives of their releases. A folder that
// has one unpacked may be given instead: GEMMFIT_OPENBLAS_SOURCE, GEMMFIT_HIGHWAY_SOURCE.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Failure, root, run, which } from '../lib/shell.mjs';

const debian = (folder, file, sha256) => ({
  // Snapshots keep all that the archive ever had.
  urls: ['https://deb.debian.org/debian', 'https://snapshot.debian.org/archive/debian/20250520T000000Z'].map(
    (archive) => `${archive}/pool/main/${folder}/${encodeURIComponent(file)}`,
  ),
  file,
  sha256,
});

// `binary`: a package of Debian's whose source it is.
const sources = {
  openblas: {
    version: '0.3.29',
    binary: 'libopenblas-dev',
    archives: [
      // Without the LAPACK that upstream adds.
      debian('o/openblas', 'openblas_0.3.29+ds.orig.tar.xz', 'eb691e2cff83799400da22aa6ab93ebaa346ad317fea578b7ae119e226ce1b01'),
      {
        urls: ['https://github.com/OpenMathLib/OpenBLAS/releases/download/v0.3.29/OpenBLAS-0.3.29.tar.gz'],
        file: 'OpenBLAS-0.3.29.tar.gz',
        sha256: '38240eee1b29e2bde47ebb5d61160207dc68668a54cac62c076bb5032013b1eb',
      },
    ],
  },
  highway: {
    version: '1.0.3',
    binary: 'libhwy-dev',
    archives: [
      debian('h/highway', 'highway_1.0.3.orig.tar.gz', '566fc77315878473d9a6bd815f7de78c73734acdcb745c3dde8579560ac5440e'),
      {
        urls: ['https://github.com/google/highway/archive/refs/tags/1.0.3.tar.gz'],
        file: 'highway-1.0.3.tar.gz',
        sha256: '566fc77315878473d9a6bd815f7de78c73734acdcb745c3dde8579560ac5440e',
      },
    ],
  },
};

const given = (name) => {
  const folder = process.env[`GEMMFIT_${name.toUpperCase()}_SOURCE`];
  if (folder && !existsSync(join(folder, 'LICENSE'))) throw new Failure(`no source of ${name} is in ${folder}`);
  return folder && resolve(folder);
};

/** Where this machine's apt gets a package from, which may be a mirror that is near; its source lies beside it. */
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

/** The first archive whose bytes are those that are known. */
async function fetchArchive(name) {
  const { archives, binary } = sources[name];
  const near = aptFolder(binary);
  const failures = [];
  for (const [index, { urls, file, sha256 }] of archives.entries()) {
    const all = near && index === 0 ? [`${near}/${encodeURIComponent(file)}`, ...urls] : urls;
    for (const url of all) {
      const got = await download(url);
      const digest = Buffer.isBuffer(got) ? createHash('sha256').update(got).digest('hex') : undefined;
      if (digest === sha256) return { bytes: got, file };
      failures.push(`${url}: ${digest ? `its sha256 is ${digest}, not ${sha256}` : got}`);
    }
  }
  throw new Failure(`the source of ${name} could not be had from\n  ${failures.join('\n  ')}`);
}

/** Folder of a library's source: the given one, or build/sources/<name>-<version>, unpacked once. */
export async function source(name) {
  if (given(name)) return given(name);
  const folder = join(root, 'build/sources', `${name}-${sources[name].version}`);
  if (existsSync(folder)) return folder;

  const { bytes, file } = await fetchArchive(name);
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
export const sourcePrint = (name) => `${name} ${given(name) ?? sources[name].version}`;
