// npm run lint [-- --fix]: biome, clang-format, TypeScript and the reference's comments, over everything. --fix rewrites what can be mended.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, root, status, which } from './lib/shell.mjs';

const { values } = parseArgs({ options: { fix: { type: 'boolean', default: false } } });
const node = (path, ...args) => status(process.execPath, [join(root, 'node_modules', path), ...args]);

// What clang-format makes of the same file differs from version to version; this one decides.
const clangFormatVersion = 14;

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
    const files = ['native', 'bench/native'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true })
        .filter((file) => /\.(cc|h)$/.test(file))
        .map((file) => join(folder, file)),
    );
    return status(program, values.fix ? ['-i', ...files] : ['--dry-run', '-Werror', ...files]);
  },

  tsc: () => node('typescript/bin/tsc', '--noEmit', '-p', '.'),

  'tsc test': () => node('typescript/bin/tsc', '--noEmit', '-p', 'test'),

  // Broken links and names that are not exported are errors (typedoc.json); `npm run docs` also writes the pages.
  typedoc: () => node('typedoc/bin/typedoc', '--emit', 'none', '--logLevel', 'Warn'),
};

main('lint', () => {
  const failed = Object.keys(checks).filter((name) => checks[name]() !== 0);
  if (!failed.length) return console.log(`lint: ok (${Object.keys(checks).join(', ')})`);
  const mendable = failed.some((name) => ['biome', 'clang-format'].includes(name));
  const hint = mendable && !values.fix ? '. To mend what can be mended: npm run lint -- --fix' : '';
  throw new Failure(`failed: ${failed.join(', ')}${hint}`);
});
