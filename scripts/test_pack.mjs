// npm run test:pack [-- --only programs|bare|source] [--built] [--readme] [--keep]: makes the package and does with it what users do. Minutes, and a network for the
// tools that are missing; the package itself is installed and used without one.
//   --only      programs: what imports the package; bare: a system with only Node; source: a build from source
//   --readme    writes the table of sizes and times into docs/package.md
//   --built     packs the binaries that are in prebuilds/; otherwise that of this system is made
//   --keep      leaves the folder of trials
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { main, root, seconds } from './lib/shell.mjs';
import { bareSystem } from './pack/bare.mjs';
import { consume, doctor } from './pack/consumers.mjs';
import { wrongOutput } from './pack/example.mjs';
import { installEverywhere, projectOf } from './pack/managers.mjs';
import { isolation, node, npmCli } from './pack/programs.mjs';
import { check, fail, figures, skip, verdict } from './pack/report.mjs';
import { table, writePage } from './pack/table.mjs';
import { checkBinaries, makeTarball, prebuilds, tryBinary } from './pack/tarball.mjs';
import { host } from './prebuild/targets.mjs';

const flag = { type: 'boolean', default: false };
const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, readme: flag, built: flag, keep: flag } });

/** A build from source where the package is installed: it then runs on what it built. */
async function buildFromSource(app) {
  await check('npm explore gemmfit -- npm run build', () => {
    node([npmCli, 'explore', 'gemmfit', '--', process.execPath, npmCli, 'run', 'build'], { cwd: app, network: true, timeout: 0 });
    const binary = doctor(app);
    if (!/[\\/]build[\\/]/.test(binary)) fail(`it still loads ${binary}`);
    const wrong = wrongOutput(node(['example.mjs'], { cwd: app }));
    return wrong ? fail(wrong) : 'the example trains on it';
  });
}

main('pack', async () => {
  const start = performance.now();
  const wrong = (values.only ?? []).filter((name) => !['programs', 'bare', 'source'].includes(name));
  if (wrong.length) fail(`--only is programs, bare or source. Received: ${wrong.join(', ')}`);
  if (values.built) await check('check_prebuild', checkBinaries);
  else {
    await check('npm run prebuild', prebuilds);
    if (host?.platform === 'linux') await check('its products, on every kind of processor that this one can be', tryBinary);
  }

  const tarball = await makeTarball(join(root, 'build/pack'));
  if (!isolation)
    skip('no network while installing', 'this system has no network namespaces; package managers are told to stay offline');
  const work = mkdtempSync(join(realpathSync(tmpdir()), 'gemmfit-pack-'));
  try {
    await installEverywhere(work, tarball);
    const app = projectOf(work, 'npm');
    await check('gemmfit doctor, on the binary that came with the package', () => {
      const binary = doctor(app);
      return /[\\/]prebuilds[\\/]/.test(binary) ? undefined : fail(`it loads ${binary}`);
    });
    const parts = { programs: () => consume(app), bare: () => bareSystem(tarball), source: () => buildFromSource(app) };
    for (const name of values.only ?? Object.keys(parts)) await parts[name]();
  } finally {
    if (values.keep) console.log(`pack: the trials are in ${work}`);
    else rmSync(work, { recursive: true, force: true });
  }
  console.log(`\n${table(figures)}\n`);
  if (values.readme) writePage(figures);
  console.log(`pack: took ${seconds(start)}`);
  verdict();
});
