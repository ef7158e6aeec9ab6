// TypeScript to dist/: types by tsc, one CommonJS file by esbuild (a hundred small ones take Node longer to load than all the rest), and
// an ESM entry over the same instance, so that both share classes and state.
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Failure, nodeTool, root } from './shell.mjs';
import { fingerprint, isFresh, stamped } from './stamps.mjs';

const print = () => fingerprint(['lib', 'tsconfig.json', 'binding.d.ts', 'package.json', 'scripts/lib/typescript.mjs']);
export const typescriptFresh = () => isFresh('typescript', 'dist/index.mjs', print());

/** Compiles lib/ and writes the ESM entry. The addon must be built: the names come from the loaded module. */
export function buildTypeScript(options) {
  stamped('typescript', print(), () => {
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    nodeTool('typescript/bin/tsc', ['-p', '.', '--emitDeclarationOnly'], options);
    // From the project's own folder, and only when it builds: scripts also run before packages are installed.
    const { buildSync } = createRequire(join(root, 'package.json'))('esbuild');
    buildSync({
      absWorkingDir: root,
      entryPoints: ['lib/index.ts'],
      bundle: true,
      minifyWhitespace: true,
      platform: 'node',
      target: 'node20',
      outfile: 'dist/index.js',
    });
    writeEsmEntry();
  });
}

function writeEsmEntry() {
  let names;
  try {
    names = Object.keys(createRequire(import.meta.url)(join(root, 'dist/index.js')));
  } catch (error) {
    throw new Failure(`the built package does not load: ${error.stack}`);
  }
  const named = names.filter((name) => name !== 'default' && name !== '__esModule');
  const lines = [
    // Not `import m from`: Node would parse the whole file twice, to guess its names.
    "import { createRequire } from 'node:module';",
    "const m = createRequire(import.meta.url)('./index.js');",
    'export const {',
    ...named.map((name) => `  ${name},`),
    '} = m;',
    'export default m;',
    '',
  ];
  writeFileSync(join(root, 'dist/index.mjs'), lines.join('\n'));
  writeFileSync(join(root, 'dist/index.d.mts'), "import m from './index.js';\nexport * from './index.js';\nexport default m;\n");
}
