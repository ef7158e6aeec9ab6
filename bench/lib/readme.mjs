// The benchmark section of README.md, from a file of results: between two markers, so that figures are never typed in.
import { join, relative } from 'node:path';
import { writeSection } from '../../scripts/lib/readme.mjs';
import { blasNote, ranked } from './report.mjs';
import { time } from './statistics.mjs';
import { root, workloads } from './workloads.mjs';

/** The section's lines. */
export function section(results, file) {
  const names = Object.keys(results.workloads);
  const systems = [...new Set(names.flatMap((name) => results.workloads[name].results.map((r) => r.system)))];
  const cell = (system, name) => {
    const row = ranked(results.workloads[name]).find((r) => r.system === system);
    if (!row) return '';
    if (row.reason) return row.reason.startsWith('wrong loss') ? 'other loss' : 'failed';
    return `${time(row.median)}${row.otherWork ? ' *' : ''}`;
  };
  const ofLimit = (name) => {
    const own = ranked(results.workloads[name]).find((r) => r.system === 'gemmfit');
    return own && !own.reason ? `${((100 * results.workloads[name].limit) / own.median).toFixed(0)} %` : '';
  };
  const bold = (system) => (system === 'gemmfit' ? '**gemmfit**' : system);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const { machine, limits } = results;
  const svg = file.replace(/\.json$/, '.svg');
  return [
    `Seconds an epoch, medians; ${results.date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores of a shared machine, node ${machine.node}. \`npm run bench -- --peers --json ${file}\``,
    '',
    line(['', ...systems.map(bold), 'limit', 'gemmfit of limit']),
    line(['---', ...systems.map(() => '---'), '---', '---']),
    ...names.map((name) =>
      line([
        `${name}: ${workloads[name].about}`,
        ...systems.map((system) => cell(system, name)),
        time(results.workloads[name].limit),
        ofLimit(name),
      ]),
    ),
    '',
    `The limit is products at the rate of sgemm at their own sizes (of the engine, where that is faster), other work at what this machine multiplies and adds in registers (${limits.peak.at(-1)} GFLOP/s on ${limits.peak.length} threads), and the memory traffic of Adam and of an embedding's rows; * does other work. Each system starts from the same weights, and has no time where its loss after an epoch is not ours.${blasNote(results).map((note) => ` ${note}.`)}`,
    '',
    `![Time of an epoch beside gemmfit](${svg})`,
    ...(results.serving ? ['', '| serving and growth | measured | wanted |', '|---|---|---|'] : []),
    ...(results.serving ?? []).map((row) => `| ${row.what} | ${row.value} | ${row.wanted ?? ''} |`),
  ];
}

export function writeReadme(results, file) {
  const lines = section(results, relative(root, join(process.cwd(), file)));
  writeSection('bench', 'npm run bench -- --readme FILE.json', lines.join('\n'));
}
