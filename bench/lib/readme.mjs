// The benchmark section of README.md, from a file of results: between two markers, so that figures are never typed in.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ranked } from './report.mjs';
import { time } from './statistics.mjs';
import { root, workloads } from './workloads.mjs';

const begin = '<!-- bench: begin (npm run bench -- --readme FILE.json) -->';
const end = '<!-- bench: end -->';

export function section(results, file) {
  const names = Object.keys(results.workloads);
  const systems = [...new Set(names.flatMap((name) => results.workloads[name].results.map((r) => r.system)))];
  const cell = (system, name) => {
    const row = ranked(results.workloads[name]).find((r) => r.system === system);
    if (!row) return '';
    return row.reason ? 'failed' : `${time(row.median)}${row.otherWork ? ' *' : ''}`;
  };
  const { machine, limits } = results;
  const svg = file.replace(/\.json$/, '.svg');
  return [
    begin,
    `Seconds an epoch, medians; ${results.date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores of a shared machine, node ${machine.node}. \`npm run bench -- --peers --json ${file}\``,
    '',
    `| | ${names.map((name) => `${name}: ${workloads[name].about}`).join(' | ')} |`,
    `|---|${names.map(() => '---').join('|')}|`,
    ...systems.map(
      (system) => `| ${system === 'gemmfit' ? '**gemmfit**' : system} | ${names.map((name) => cell(system, name)).join(' | ')} |`,
    ),
    `| limit | ${names.map((name) => time(results.workloads[name].limit)).join(' | ')} |`,
    '',
    `The limit is the floating-point work at what this machine multiplies and adds in registers (${limits.peak.at(-1)} GFLOP/s on ${limits.peak.length} threads) and Adam's memory traffic; * does other work. Each system starts from the same weights, and has no time where its loss after an epoch is not ours.`,
    '',
    `![Time of an epoch beside gemmfit](${svg})`,
    ...(results.serving ? ['', '| serving and growth | measured | wanted |', '|---|---|---|'] : []),
    ...(results.serving ?? []).map((row) => `| ${row.what} | ${row.value} | ${row.wanted ?? ''} |`),
    end,
  ].join('\n');
}

export function writeReadme(results, file) {
  const path = join(root, 'README.md');
  const text = readFileSync(path, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < 0) throw new Error('README.md has no markers for the benchmark section');
  writeFileSync(
    path,
    text.slice(0, from) + section(results, relative(root, join(process.cwd(), file))) + text.slice(to + end.length),
  );
}
