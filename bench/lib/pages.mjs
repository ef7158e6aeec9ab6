// What README.md and docs/benchmarks.md say of a file of results. Both stand between markers, so that nobody types figures in.
import { join, posix, relative } from 'node:path';
import { writeSection } from '../../scripts/lib/sections.mjs';
import { blasNote, ranked } from './report.mjs';
import { time } from './statistics.mjs';
import { root, workloads } from './workloads.mjs';

const page = 'docs/benchmarks.md';

const day = ({ date }) => date.slice(0, 10);

/** The lines of docs/benchmarks.md. */
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
  const svg = posix.relative(posix.dirname(page), file.replace(/\.json$/, '.svg'));
  return [
    `Seconds an epoch, medians; ${day(results)}, ${machine.cpu}, ${machine.cores} cores of a shared machine, node ${machine.node}. \`npm run bench -- --peers --json ${file}\``,
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
    ...[...(results.serving ?? []), ...(results.files ?? [])].map(
      (row) => `| ${row.what} | ${row.value} | ${row.wanted ?? ''} |`,
    ),
  ];
}

/** The README's three figures: an epoch, a prediction, the event loop. */
export function figures(results) {
  const epoch = (system) => {
    const row = ranked(results.workloads.W2b128).find((r) => r.system === system);
    if (!row || row.reason) throw new Error(`${system} has no time of W2b128`);
    return time(row.median);
  };
  const served = (what) => {
    const row = results.serving.find((r) => r.what === what);
    if (!row) throw new Error(`there is no measurement '${what}'`);
    return row.value;
  };
  const [delay, idle] = served('W8 delay of a 5 ms timer while W3 trains: 99th percentile').match(/[\d.]+ ms/g);
  const { cpu, cores } = results.machine;
  return [
    `- **${epoch('gemmfit')}** an epoch of 60,000 rows through 784-128-10, batch 128. tfjs-node takes ${epoch('tfjs-node')}, Keras on TensorFlow ${epoch('keras-tensorflow')}, PyTorch ${epoch('pytorch')}.`,
    `- **${served('W7 predictSync, one row: median')}** a prediction of one row by \`predictSync\` (the median).`,
    `- **${delay}** is how late a timer of 5 ms comes while 784-1024-1024-10 trains (99th percentile; ${idle} where nothing trains).`,
    '',
    `Measured on ${day(results)}: ${cpu}, ${cores} cores of a shared machine. [docs/benchmarks.md](${page}) has all workloads, systems and limits.`,
  ];
}

/** @param file the path of the results, from the root of the repository */
export const sections = (results, file) => [
  { page: 'README.md', name: 'figures', lines: figures(results) },
  { page, name: 'bench', lines: section(results, file) },
];

const command = 'npm run bench -- --readme FILE.json';

export const withLines = ({ name, lines }) => ({ name, command, body: lines.join('\n') });

export function writePages(results, file) {
  const path = relative(root, join(process.cwd(), file));
  for (const section of sections(results, path)) writeSection(section.page, withLines(section));
}
