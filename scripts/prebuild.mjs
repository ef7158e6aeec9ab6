// npm run prebuild [-- --target NAME ...]: the binaries that go into the package, prebuilds/<platform>-<arch>/gemmfit[.<libc>].node. Default: for
// this system. On Linux Zig, installed by pip, makes those of all Linux systems: --target linux-arm64-musl. Then each is checked.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Failure, main, root, seconds, status } from './lib/shell.mjs';
import { libraries, licences } from './prebuild/libraries.mjs';
import { host, targets } from './prebuild/targets.mjs';
import { cmakeDefines, toolchain } from './prebuild/toolchain.mjs';

const { values } = parseArgs({ options: { target: { type: 'string', multiple: true } } });
const say = (line) => console.log(`prebuild: ${line}`);

async function prebuild(target) {
  const start = performance.now();
  const tools = toolchain(target, say);
  const defines = { ...cmakeDefines(target, tools), ...(await libraries(target, tools, say)), GEMMFIT_SHIP: 'ON' };
  say(`compiling the addon for ${target.name}`);
  const work = join(root, 'build/ship', target.name);
  mkdirSync(work, { recursive: true });
  process.env.GEMMFIT_SHIP_DEFINES = JSON.stringify(defines);
  const prebuildify = promisify(createRequire(join(root, 'package.json'))('prebuildify'));
  await prebuildify({
    name: 'gemmfit',
    napi: true,
    targets: [`node@${process.versions.node}`],
    platform: target.platform,
    arch: target.arch,
    libc: target.libc,
    tagLibc: target.libc !== undefined,
    cwd: work,
    out: root,
    nodeGyp: `"${process.execPath}" "${join(root, 'scripts/prebuild/node_gyp.mjs')}"`,
    shell: true,
  });
  writeFileSync(join(root, 'prebuilds/LICENSES'), await licences());
  say(`${target.file} (${seconds(start)})`);
  return tools;
}

main('prebuild', async () => {
  const names = values.target ?? [host?.name];
  const chosen = names.map((name) => targets.find((target) => target.name === name));
  if (chosen.includes(undefined))
    throw new Failure(`--target is one of ${targets.map((t) => t.name).join(', ')}. Received: ${names.join(', ')}`);
  for (const target of chosen) {
    const { zig } = await prebuild(target);
    // The compiler of a system asks for that system's glibc.
    const floor = target.libc === 'glibc' && !zig ? ['--floor', process.report.getReport().header.glibcVersionRuntime] : [];
    if (status(process.execPath, [join(root, 'scripts/check_prebuild.mjs'), ...floor, target.name]) !== 0)
      throw new Failure('the check failed');
  }
});
