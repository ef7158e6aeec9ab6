// node scripts/lib/cmake_js.mjs TOOLS '{"out": ..., "generator": ..., "cMakeOptions": {...}}': lets cmake-js configure the addon.
//
// cmake-js takes an addon for one of Node-API, which needs no headers of Node's to be downloaded, by the field `binary` of package.json.
// Bundlers and npm read other things from that field, so the package has none, and cmake-js is told here.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './shell.mjs';

const [tools, options] = process.argv.slice(2);
const { BuildSystem } = createRequire(join(tools, 'package.json'))('cmake-js');
const system = new BuildSystem({ directory: root, ...JSON.parse(options) });
system.options.isNodeApi = true;
try {
  await system.configure();
} catch {
  // cmake-js has printed it.
  process.exitCode = 1;
}
