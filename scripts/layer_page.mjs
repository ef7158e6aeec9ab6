// node scripts/layer_page.mjs [--check]: writes the table of docs/layers.md from the built package; --check says whether it is what would be written.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { layerTable } from './lib/layer_table.mjs';
import { isWritten, writeSection } from './lib/sections.mjs';
import { Failure, main, root } from './lib/shell.mjs';
import { typescriptFresh } from './lib/typescript.mjs';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const page = 'docs/layers.md';
const command = 'node scripts/layer_page.mjs';

main('layers', async () => {
  if (!typescriptFresh()) throw new Failure('dist/ is missing or out of date. Run: npm run setup');
  const gemmfit = createRequire(import.meta.url)(join(root, 'dist/index.js'));
  const section = { name: 'layers', command, body: (await layerTable(gemmfit)).join('\n') };
  const right = isWritten(page, section);
  if (values.check && !right) throw new Failure(`the table of ${page} is not what there is. Run: ${command}`);
  if (!right) writeSection(page, section);
  console.log(`layers: ${right ? 'right' : 'written'}`);
});
