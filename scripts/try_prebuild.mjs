// node scripts/try_prebuild.mjs [NAME ...]: each binary for Linux that is in prebuilds/ trains under a Node of its system, which may be foreign
// to this machine (foreign.mjs): the loader chooses the file, and `gemmfit doctor` holds the results against plain JavaScript, on arm64 once for
// each kind of processor whose kernels of OpenBLAS are inside. Those kernels are tried by themselves before (products.mjs).
// That of this system also trains random stacks for a minute, in processes of their own.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, main, root, seconds, status } from './lib/shell.mjs';
import { nodeFor, runnerFor } from './prebuild/foreign.mjs';
import { coresOf, products } from './prebuild/products.mjs';
import { host, targets } from './prebuild/targets.mjs';

/** The package without a build of this machine's. */
function packageFor(target) {
  const folder = join(root, 'build/try', target.name, 'package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['dist', 'bin', 'package.json']) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'prebuilds'), join(folder, 'prebuilds'));
  return folder;
}

async function attempt(target) {
  const runner = await runnerFor(target);
  const multiplied = products(target, runner);
  console.log(
    `try: ${target.name}: ${multiplied ? `products are right on ${multiplied.join(', ')}` : 'no OpenBLAS of its own to try'}`,
  );
  const [program, ...args] = [...runner, nodeFor(target)];
  const folder = packageFor(target);
  // On x64 the engine's own kernels train.
  for (const core of target.arch === 'arm64' ? coresOf(target) : [undefined]) {
    const start = performance.now();
    const { GEMMFIT_ADDON_PATH: _, OPENBLAS_CORETYPE: __, ...env } = process.env;
    const command = [...args, join(folder, 'bin/gemmfit.mjs'), 'doctor', '--json', '--seconds', '0'];
    const options = { encoding: 'utf8', env: { ...env, ...(core && { OPENBLAS_CORETYPE: core }) } };
    const { stdout, stderr, signal } = spawnSync(program, command, options);
    let found;
    try {
      found = JSON.parse(stdout);
    } catch {
      throw new Failure(`${target.name}: no diagnosis (${signal ?? 'no signal'}): ${stdout}${stderr}`);
    }
    const loaded = found.engine?.libraries.some((file) => file.endsWith(target.file));
    if (!found.ok || !loaded) throw new Failure(`${target.name}: ${stdout}`);
    if (core && !found.engine.blas.toUpperCase().includes(core))
      throw new Failure(`${target.name}: ${core} was asked for, not ${found.engine.blas}`);
    console.log(
      `try: ${target.name}: ok, Node ${found.versions.node}, ${found.engine.blas.split(' ').at(-1)} (${seconds(start)})`,
    );
  }
  return folder;
}

/** Random stacks on the binary, whose bits must be those of a second run and of one thread. */
function trainStacks(target, folder) {
  const { GEMMFIT_ADDON_PATH: _, ...env } = process.env;
  const args = ['test/stacks/run.mjs', '--package', folder, '--seconds', '60', '--of-each', '1'];
  if (status(process.execPath, args, { env })) throw new Failure(`${target.name}: a random stack failed`);
}

main('try', async () => {
  const names = process.argv.slice(2);
  const linux = targets.filter(({ platform, file }) => platform === 'linux' && existsSync(join(root, file)));
  const chosen = names.length ? targets.filter(({ name }) => names.includes(name)) : linux;
  if (!chosen.length || chosen.length < names.length) throw new Failure('there is no such binary. Run: npm run prebuild');
  for (const target of chosen) {
    const folder = await attempt(target);
    if (target === host) trainStacks(target, folder);
  }
});
