// npm run setup [-- --for test|sanitize|coverage|prebuild]: installs what is missing, builds what is out of date, and says what it does.
import { parseArgs } from 'node:util';
import { buildNative, nativeFresh } from './lib/native.mjs';
import { installPackages, packagesCurrent } from './lib/packages.mjs';
import { Failure, main, seconds } from './lib/shell.mjs';
import { install, missing } from './lib/system.mjs';
import { buildTypeScript, typescriptFresh } from './lib/typescript.mjs';

const { values } = parseArgs({ options: { for: { type: 'string', default: 'run' } } });
const say = (line) => console.log(`setup: ${line}`);

main('setup', () => {
  const start = performance.now();
  const purpose = values.for;
  if (!['run', 'test', 'sanitize', 'coverage', 'prebuild'].includes(purpose))
    throw new Failure(`--for is run, test, sanitize, coverage or prebuild. Received: ${purpose}`);
  if (Number(process.versions.node.split('.')[0]) < 20)
    throw new Failure(`Node 20 or newer is needed. This is ${process.version}`);

  const lacking = missing(purpose);
  if (lacking.length) install(lacking, say);
  if (!packagesCurrent()) {
    say('installing npm packages (npm ci)');
    installPackages();
  }
  // Binaries of the package are other builds, with other libraries.
  if (purpose !== 'prebuild' && !nativeFresh()) {
    say('compiling the engine to build/Release/gemmfit.node (cmake-js; minutes at first, then only what changed)');
    buildNative({ quiet: true });
  }
  if (!typescriptFresh()) {
    say('compiling TypeScript to dist/ (tsc)');
    buildTypeScript({ quiet: true });
  }
  say(`ready (${seconds(start)})`);
});
