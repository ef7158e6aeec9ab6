// What was measured, as the table of docs/package.md.
import { cpus } from 'node:os';
import { writeSection } from '../lib/sections.mjs';

const mb = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
const s = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;

export function table(figures) {
  const { packed, unpacked, files, binaries = [], installs = {}, bare } = figures;
  const rows = [['tarball', `${mb(packed)} packed, ${mb(unpacked)} unpacked, ${files} files, with the binaries below`]];
  for (const { name, size, gzipped, floor, exports } of binaries) {
    const glibc = floor ? `; glibc ${floor} or newer` : '';
    rows.push([`binary for ${name}`, `${mb(size)} (${mb(gzipped)} gzipped); ${exports} exported symbols${glibc}`]);
  }
  for (const [name, { version, milliseconds }] of Object.entries(installs))
    rows.push([`installed by ${name}, ${version}`, s(milliseconds)]);
  if (bare) {
    rows.push(['`npm i` in a bare Debian with only Node', `${s(bare.install)} (wanted: under 3 s)`]);
    rows.push(['a first epoch there, from `npm i` on', `${s(bare.install + bare.epoch)} (wanted: under 5 s)`]);
  }
  return ['| | |', '|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

export function writePage(figures, date = new Date()) {
  const where = `${date.toISOString().slice(0, 10)}, ${cpus()[0].model.trim()}, ${process.platform}-${process.arch}, node ${process.version}`;
  writeSection('docs/package.md', {
    name: 'pack',
    command: 'npm run test:pack -- --readme',
    body: `${where}. Installations have empty caches, no network and no scripts.\n\n${table(figures)}`,
  });
}
