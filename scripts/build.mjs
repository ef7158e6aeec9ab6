// npm run build: the addon and dist/, incrementally, with the compilers' output shown. In an installed package (npm explore gemmfit -- npm run
// build) dist/ is there, and the addon alone is built.
import { buildNative } from './lib/native.mjs';
import { packagesCurrent } from './lib/packages.mjs';
import { Failure, main } from './lib/shell.mjs';
import { commandFor, missing } from './lib/system.mjs';
import { isClone } from './lib/tools.mjs';
import { buildTypeScript } from './lib/typescript.mjs';

main('build', () => {
  const lacking = missing('run');
  if (isClone && (lacking.length || !packagesCurrent()))
    throw new Failure('something is missing for the build. Run: npm run setup');
  if (lacking.length) throw new Failure(commandFor(lacking));
  buildNative();
  if (isClone) buildTypeScript();
});
