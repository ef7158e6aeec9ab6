// npm run bench:micro [-- --json FILE]: each kernel by itself, on one thread, beside what limits it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { nativePrograms } from './lib/native.mjs';
import { table } from './lib/report.mjs';

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const { gemmfit_micro } = nativePrograms(['gemmfit_micro']);
const results = JSON.parse(execFileSync(gemmfit_micro, { encoding: 'utf8' }));
const rows = results.rows.map(({ kernel, rate, limit, unit }) => [
  kernel,
  `${rate.toFixed(1)} ${unit}`,
  `${limit.toFixed(1)} ${unit}`,
  `${((100 * rate) / limit).toFixed(0)} %`,
]);
console.log(table([['kernel', 'rate', 'limit', 'share'], ...rows]));
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);
