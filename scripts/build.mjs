// npm run build: the addon and dist/, incrementally, with the compilers' output shown.
import { buildNative } from './lib/native.mjs';
import { packagesCurrent } from './lib/packages.mjs';
import { Failure, main } from './lib/shell.mjs';
import { missing } from './lib/system.mjs';
import { buildTypeScript } from './lib/typescript.mjs';

main('build', () => {
  if (missing('run').length || !packagesCurrent()) throw new Failure('something is missing for the build. Run: npm run setup');
  buildNative();
  buildTypeScript();
});
