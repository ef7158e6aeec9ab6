// What a binary to ship may export, need and weigh.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { inspect } from './inspect.mjs';
import { glibcFloor } from './targets.mjs';

const largest = 3.5e6;
const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
// Everything else is inside.
const needed = {
  glibc: /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux-(x86-64|aarch64)\.so\.\d)$/,
  // Both names of musl's one library.
  musl: /^(libc\.so|libc\.musl-(x86_64|aarch64)\.so\.1)$/,
  darwin: /^(\/usr\/lib\/lib(System\.B|c\+\+\.1)\.dylib|\/System\/Library\/Frameworks\/Accelerate\.framework\/.*)$/,
  win32: /^(node\.exe|kernel32\.dll)$/i,
};

const newer = (a, b) => a.localeCompare(b, 'en', { numeric: true }) > 0;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;

/** `faults`: what must not be; `notes`: what is. `floor`: the oldest glibc that it must run with. */
export function examine(target, file, floor = glibcFloor) {
  const { exports, libraries, machine, versions, flags } = inspect(file, target.platform);
  const bytes = readFileSync(file);
  const faults = [];
  const expect = (holds, message) => holds || faults.push(message);

  expect(machine === target.arch, `it is for ${machine}`);
  const extra = exports.filter((name) => !exported.includes(name));
  expect(!extra.length, `exports beyond Node-API's two: ${extra.length}: ${extra.slice(0, 5).join(', ')}`);
  const lacking = exported.filter((name) => !exports.includes(name));
  expect(!lacking.length, `exports that are missing: ${lacking.join(', ')}`);
  const foreign = libraries.filter((name) => !needed[target.libc ?? target.platform].test(name));
  expect(!foreign.length, `libraries that users may not have: ${foreign.join(', ')}`);
  expect(bytes.length <= largest, `${megabytes(bytes.length)} are more than ${megabytes(largest)}`);

  const notes = [];
  if (target.platform === 'linux') {
    expect(flags.includes('NODELETE'), 'linked without -z nodelete');
    const newest = versions.reduce((most, version) => (newer(version, most) ? version : most), '0');
    if (target.libc === 'glibc') notes.push(`glibc ${newest}`);
    // A binary for musl has none.
    const allowed = target.libc === 'glibc' ? floor : '0';
    expect(!newer(newest, allowed), `it asks for glibc ${newest}, which is newer than ${allowed}`);
    if (newer(floor, glibcFloor)) notes.push(`NOT FOR RELEASE: glibc may be as new as ${floor}, not ${glibcFloor}`);
  }
  notes.push(`${megabytes(bytes.length)} (${megabytes(gzipSync(bytes).length)} gzipped)`);
  notes.push(`exports ${exports.length}`, `needs ${libraries.join(' ') || 'nothing'}`);
  return { faults, notes };
}
