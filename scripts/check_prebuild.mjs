// node scripts/check_prebuild.mjs [--all] [NAME ...]: what a binary to ship may export, need and weigh. Default: all that are in prebuilds/.
// --all: each of the targets must be there, as before a release.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Failure, main, root } from './lib/shell.mjs';
import { inspect } from './prebuild/inspect.mjs';
import { glibcFloor, targets } from './prebuild/targets.mjs';

const { values, positionals } = parseArgs({ options: { all: { type: 'boolean', default: false } }, allowPositionals: true });

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

/** The newest glibc that this machine's own compiler would ask for. */
const machineGlibc = () => process.report.getReport().header.glibcVersionRuntime;

function check(target) {
  const file = join(root, target.file);
  const { exports, libraries, machine, versions, flags } = inspect(file, target.platform);
  const size = statSync(file).size;
  const wrong = [];
  const expect = (holds, message) => holds || wrong.push(message);

  expect(machine === undefined || machine === target.arch, `it is for ${machine}`);
  const extra = exports.filter((name) => !exported.includes(name));
  expect(!extra.length, `${extra.length} symbols are exported beyond Node-API's: ${extra.slice(0, 5).join(', ')}`);
  const lacking = exported.filter((name) => !exports.includes(name));
  expect(!lacking.length, `symbols are missing: ${lacking.join(', ')}`);
  const foreign = libraries.filter((name) => !needed[target.libc ?? target.platform].test(name));
  expect(!foreign.length, `libraries are needed that users may not have: ${foreign.join(', ')}`);
  expect(size <= largest, `${size} bytes are more than ${largest}`);
  if (target.platform === 'linux') expect(flags.includes('NODELETE'), '-z nodelete is missing');

  const floor = versions.reduce((most, version) => (newer(version, most) ? version : most), '0');
  const notes = [];
  if (target.libc === 'glibc') {
    notes.push(`glibc ${floor}`);
    if (newer(floor, glibcFloor)) {
      // Only Zig reaches the floor; the compiler of a system reaches that system's.
      const here = machineGlibc();
      const reachable = process.env.GEMMFIT_ZIG === '0' && here && !newer(floor, here);
      const message = `glibc ${floor} is needed, which is newer than ${glibcFloor}`;
      if (reachable) notes.push(`NOT FOR RELEASE: ${message}; built without Zig, on glibc ${here}`);
      else wrong.push(message);
    }
  }
  notes.push(
    `${(size / 1e6).toFixed(2)} MB (${(gzipSync(readFileSync(file)).length / 1e6).toFixed(2)} MB gzipped)`,
    `exports ${exports.length}`,
    `needs ${libraries.join(' ') || 'nothing'}`,
  );
  console.log(`check: ${target.file}: ${wrong.length ? 'FAILED' : 'ok'}: ${notes.join(', ')}`);
  for (const message of wrong) console.error(`check: ${target.file}: ${message}`);
  return wrong.length === 0;
}

main('check', () => {
  for (const name of positionals)
    if (!targets.some((target) => target.name === name)) throw new Failure(`no target is called ${name}`);
  const there = targets.filter((target) => existsSync(join(root, target.file)));
  const chosen = values.all
    ? targets
    : positionals.length
      ? targets.filter((target) => positionals.includes(target.name))
      : there;
  const absent = chosen.filter((target) => !there.includes(target));
  if (absent.length) throw new Failure(`not there: ${absent.map((target) => target.file).join(', ')}`);
  if (!chosen.length) throw new Failure('prebuilds/ has no binary. Run: npm run prebuilds');
  // A binary that nobody loads is one too many.
  const extra = spawnSync('git', ['ls-files', '--others', '--', 'prebuilds'], { cwd: root, encoding: 'utf8' }).stdout ?? '';
  const unknown = extra.split('\n').filter((file) => file.endsWith('.node') && !targets.some((target) => target.file === file));
  if (unknown.length) throw new Failure(`no target has these: ${unknown.join(', ')}`);
  if (!chosen.map(check).every(Boolean)) process.exitCode = 1;
});
