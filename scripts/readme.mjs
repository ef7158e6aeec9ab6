// node scripts/readme.mjs [--check]: writes README.md's table of layers from the built package; --check says whether it is what would be written.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readReadme, withSection, writeSection } from './lib/readme.mjs';
import { Failure, main, root } from './lib/shell.mjs';
import { typescriptFresh } from './lib/typescript.mjs';
import { layerTable } from './readme/layer_table.mjs';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

main('readme', async () => {
  if (!typescriptFresh()) throw new Failure('dist/ is missing or out of date. Run: npm run setup');
  const gemmfit = createRequire(import.meta.url)(join(root, 'dist/index.js'));
  const section = ['layers', 'node scripts/readme.mjs', (await layerTable(gemmfit)).join('\n')];
  const right = withSection(readReadme(), ...section) === readReadme();
  if (values.check && !right) throw new Failure('the table of layers is not what there is. Run: node scripts/readme.mjs');
  if (!right) writeSection(...section);
  console.log(`readme: ${right ? 'right' : 'written'}`);
});
