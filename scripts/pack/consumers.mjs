// Programs that use the installed package in each way that there is.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../lib/shell.mjs';
import { example, wrongOutput } from './example.mjs';
import { node, npmCli, output } from './programs.mjs';
import { check, fail, skip } from './report.mjs';

const learns = (printed) => {
  const wrong = wrongOutput(printed);
  if (wrong) fail(wrong);
};
const write = (folder, name, text) => writeFileSync(join(folder, name), text);

const worker = `
import { Worker } from 'node:worker_threads';
const worker = new Worker(new URL('./example.mjs', import.meta.url));
worker.on('exit', (code) => { process.exitCode = code; });
`;

async function plain(app, code) {
  for (const [kind, name] of [
    ['mjs', 'ESM'],
    ['cjs', 'CommonJS'],
  ]) {
    write(app, `example.${kind}`, code[kind]);
    await check(`the README's example trains: ${name}`, () => learns(node([`example.${kind}`], { cwd: app })));
  }
  write(app, 'worker.mjs', worker);
  await check("the README's example trains: in a worker thread", () => learns(node(['worker.mjs'], { cwd: app })));
}

// Nothing is said of skipLibCheck or lib: declarations of the package are checked against what TypeScript takes by itself.
const node16 = { module: 'node16', moduleResolution: 'node16', types: ['node'] };
const bundler = { module: 'esnext', moduleResolution: 'bundler', types: ['node'] };
const compilations = [
  { name: 'node16, ES module', kind: 'mts', options: node16 },
  { name: 'node16, CommonJS', kind: 'cts', options: node16 },
  { name: 'bundler', kind: 'mts', options: bundler },
  { name: 'node16, without @types/node', kind: 'mts', options: { ...node16, types: [] } },
];

async function typescript(app, code) {
  for (const name of ['@types/node', 'undici-types'])
    cpSync(join(root, 'node_modules', name), join(app, 'node_modules', name), { recursive: true });
  for (const [index, { name, kind, options }] of compilations.entries()) {
    await check(`the README's example compiles and trains: TypeScript, strict, ${name}`, () => {
      const file = `typed${index}.${kind}`;
      write(app, file, code[kind]);
      const compilerOptions = { target: 'es2022', strict: true, skipLibCheck: false, ...options };
      write(app, 'tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
      node([join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], { cwd: app });
      learns(node([file.replace('ts', 'js')], { cwd: app }));
    });
  }
}

async function bundled(app, code) {
  const { buildSync } = createRequire(join(root, 'package.json'))('esbuild');
  write(app, 'bundle.cts', code.cts);
  write(app, 'bundle.mts', code.mts);
  // The addon finds itself from a bundle as it does from the package: one folder up, in prebuilds/.
  const bundle = (kind, options) => {
    const out = join(app, `bundled-${kind}`);
    buildSync({
      absWorkingDir: app,
      entryPoints: ['bundle.cts'],
      bundle: true,
      platform: 'node',
      target: 'node20',
      outfile: join(out, 'dist/bundle.cjs'),
      // Binaries of other systems are not in a tarball of one.
      logLevel: 'error',
      ...options,
    });
    return out;
  };
  await check("the README's example trains: bundled by esbuild, the addon external beside it", () => {
    const out = bundle('external', { external: ['*.node'] });
    cpSync(join(app, 'node_modules/gemmfit/prebuilds'), join(out, 'prebuilds'), { recursive: true });
    learns(alone(out, 'dist/bundle.cjs'));
  });
  await check("the README's example trains: bundled by esbuild, which copies the addon", () => {
    learns(alone(bundle('copied', { loader: { '.node': 'copy' } }), 'dist/bundle.cjs'));
  });
  await check("the README's example trains: bundled by esbuild as an ES module", () => {
    const banner = "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";
    const entry = { entryPoints: ['bundle.mts'], format: 'esm', banner: { js: banner }, loader: { '.node': 'copy' } };
    const out = bundle('module', { ...entry, outfile: join(app, 'bundled-module/dist/bundle.mjs') });
    learns(alone(out, 'dist/bundle.mjs'));
  });
}

/** Runs a bundle in a place without node_modules. */
function alone(out, file) {
  const place = join(out, '../..', `alone-${out.split('-').at(-1)}`);
  cpSync(out, place, { recursive: true });
  return node([file], { cwd: place });
}

// Its package has no program: that is downloaded at install, from a place that may not be reached.
const electron = 'electron@37.10.3';

async function inElectron(app, code) {
  const folder = join(app, 'electron');
  mkdirSync(folder);
  write(folder, 'package.json', '{"private": true}');
  try {
    const options = { cwd: folder, network: true, timeout: 180_000 };
    node([npmCli, 'install', electron, '--ignore-scripts', '--no-audit', '--no-fund'], options);
    node(['node_modules/electron/install.js'], options);
  } catch (error) {
    const why = error.message.match(/.*\b(getaddrinfo|ECONN\w+|ETIMEDOUT|HTTPError).*/)?.[0] ?? error.message;
    return skip(`the README's example in ${electron}`, `it cannot be installed here: ${why.trim()}`);
  }
  write(app, 'example.cjs', code.cjs);
  await check(`the README's example trains: ${electron}`, () => {
    const program = node(['-p', "require('electron')"], { cwd: folder }).trim();
    learns(output([program, 'example.cjs'], { cwd: app, env: { ELECTRON_RUN_AS_NODE: '1' } }));
  });
}

/** `app`: a folder with the package in node_modules. */
export async function consume(app) {
  const code = example();
  await plain(app, code);
  await typescript(app, code);
  await bundled(app, code);
  await inElectron(app, code);
}

/** What `npx gemmfit doctor` says of the installed package, and the binary that it runs on. */
export function doctor(app) {
  const found = JSON.parse(node([join(app, 'node_modules/gemmfit/bin/gemmfit.mjs'), 'doctor', '--json', '--seconds', '0.2']));
  if (!found.ok) fail(found.problem);
  return found.engine.libraries.find((file) => file.endsWith('.node')) ?? fail('it names no binary');
}
