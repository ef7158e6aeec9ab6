// node scripts/check_prebuild.mjs [--all] [--floor VERSION] [NAME ...]: holds binaries against the rules. Default: all that are in prebuilds/.
// --all: each of the targets must be there, as before a release. --floor: another oldest glibc, where the compiler of a newer system made them.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, root } from './lib/shell.mjs';
import { examine } from './prebuild/rules.mjs';
import { targets } from './prebuild/targets.mjs';

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false }, floor: { type: 'string' } },
  allowPositionals: true,
});

function check(target) {
  const { faults, notes } = examine(target, join(root, target.file), values.floor);
  console.log(`check: ${target.file}: ${faults.length ? 'FAILED' : 'ok'}: ${notes.join(', ')}`);
  for (const fault of faults) console.error(`check: ${target.file}: ${fault}`);
  return faults.length === 0;
}

main('check', () => {
  if (values.all && values.floor) throw new Failure('--all is for a release, which has one floor');
  for (const name of positionals)
    if (!targets.some((target) => target.name === name)) throw new Failure(`no target is called ${name}`);
  const folder = join(root, 'prebuilds');
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true }).map((file) => `prebuilds/${file.replaceAll('\\', '/')}`)
    : [];
  // A binary that nobody loads is one too many.
  const unknown = files.filter((file) => file.endsWith('.node') && !targets.some((target) => target.file === file));
  if (unknown.length) throw new Failure(`no target has these: ${unknown.join(', ')}`);

  const wanted = values.all ? targets : targets.filter(({ name }) => positionals.includes(name));
  const absent = wanted.filter(({ file }) => !files.includes(file));
  if (absent.length) throw new Failure(`not there: ${absent.map(({ file }) => file).join(', ')}`);
  const chosen = wanted.length ? wanted : targets.filter(({ file }) => files.includes(file));
  if (!chosen.length) throw new Failure('prebuilds/ has no binary. Run: npm run prebuild');
  if (!chosen.map(check).every(Boolean)) process.exitCode = 1;
});
