// The table in the terminal.
import { median, time, wrongness } from './statistics.mjs';
import { workloads } from './workloads.mjs';

export function table(rows, right = (column) => column > 0) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (right(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A workload's results, the fastest first; those without a time last. */
export function ranked(entry) {
  const rows = entry.results.map((result) => {
    const reason = wrongness(result, entry.expectedLoss);
    return { ...result, reason, median: reason ? Number.POSITIVE_INFINITY : median(result.epochs) };
  });
  return rows.sort((a, b) => a.median - b.median);
}

const mebibytes = (n) => `${n.toFixed(n < 10 ? 1 : 0)} MiB`;

/** MiB that a system grew by on W1, which needs next to nothing: its own code and buffers. */
const ownGrowth = (results, system) => results.workloads.W1?.results.find((row) => row.system === system)?.grownMiB ?? 0;

/** What a system grew by for the workload itself, beside what the workload needs. */
function toNeeded(results, name, row) {
  const { neededMiB } = results.workloads[name];
  if (row.grownMiB == null || !neededMiB || name === 'W1') return '-';
  return `${(Math.max(0, row.grownMiB - ownGrowth(results, row.system)) / neededMiB).toFixed(1)} x`;
}

function workloadTable(name, results) {
  const entry = results.workloads[name];
  const rows = ranked(entry);
  const own = rows.find((row) => row.system === 'gemmfit');
  const head = [
    'system',
    'median',
    'min',
    'to gemmfit',
    'of limit',
    'loss',
    'import',
    '1st epoch',
    'peak',
    'grown',
    'to needed',
    'threads',
  ];
  const body = rows.map((row) =>
    row.reason
      ? [row.system, ...Array(head.length - 1).fill('-')]
      : [
          row.system,
          time(row.median),
          time(Math.min(...row.epochs)),
          own && !own.reason ? `${(row.median / own.median).toFixed(2)} x` : '-',
          `${((100 * entry.limit) / row.median).toFixed(0)} %`,
          row.otherWork ? '*' : row.loss.toFixed(4),
          `${row.importMs.toFixed(0)} ms`,
          time(row.firstEpochMs / 1000),
          mebibytes(row.peakMiB),
          row.grownMiB == null ? '-' : mebibytes(row.grownMiB),
          toNeeded(results, name, row),
          String(row.threads ?? '-'),
        ],
  );
  const notes = rows.flatMap((row) =>
    [
      row.reason ?? (row.otherWork && `* other work: ${row.otherWork}`),
      !row.reason && row.epochs.length < 5 && `the median of ${row.epochs.length} only`,
    ]
      .filter(Boolean)
      .map((note) => `  ${row.system}: ${note}`),
  );
  const title = [
    `${name}: ${workloads[name].about}, ${workloads[name].data.rows.toLocaleString('en-US')} rows; limit ${time(entry.limit)}`,
    entry.registersLimit && `(${time(entry.registersLimit)} were products as fast as registers)`,
    entry.neededMiB && `needs ${mebibytes(entry.neededMiB)}`,
  ];
  return [title.filter(Boolean).join(' '), table([head, ...body]), ...notes].join('\n');
}

/** What the handwritten loop and the limits were told, where the system's OpenBLAS does not know the processor. */
export const blasNote = ({ blas }) =>
  blas?.OPENBLAS_CORETYPE
    ? [`OpenBLAS here does not know the processor: its ${blas.OPENBLAS_CORETYPE} kernels are named to it`]
    : [];

export function report(results, names = Object.keys(results.workloads)) {
  const { machine, limits } = results;
  const versions = [...new Set(Object.values(results.workloads).flatMap((entry) => entry.results.map((r) => r.version)))].filter(
    Boolean,
  );
  return [
    `${results.date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}, node ${machine.node}`,
    `multiply-adds in registers ${limits.peak.join(' / ')} GFLOP/s on 1 / 2 threads, memory ${limits.triad.join(' / ')} GB/s; ${limits.blas}`,
    'seconds an epoch; the limit is products at the rate of sgemm at their own sizes (or the engine, where that is faster), other work in',
    'registers, and the traffic of Adam and of rows of tables as measured',
    'grown: the peak above what was held when library and data were loaded; to needed: what it grew by beyond its growth on W1, beside',
    'weights, moments of Adam and one batch of activations',
    ...blasNote(results),
    ...(results.unset?.length ? [`taken out of the environment: ${results.unset.join(' ')}`] : []),
    ...names.map((name) => `\n${workloadTable(name, results)}`),
    `\n${productsTable(limits)}`,
    `\n${versions.join('\n')}`,
  ].join('\n');
}

/** sgemm at the workloads' own sizes. */
function productsTable(limits) {
  const rows = limits.products
    .filter((p) => p.threads === 1)
    .map((p) => {
      const [m, n, k, a, b] = p.product;
      const two = limits.products.find((q) => q.threads === 2 && q.index === p.index);
      return [
        `${m}x${n}x${k} ${a ? 'T' : 'N'}${b ? 'T' : 'N'}`,
        ...[p.blas, p.engine, two?.blas, two?.engine].map((v) => (v === undefined ? '-' : v.toFixed(1))),
      ];
    });
  return table([['product, GFLOP/s', 'BLAS 1 thread', 'engine 1', 'BLAS 2 threads', 'engine 2'], ...rows]);
}

export function rowsReport(what, rows) {
  const body = rows.map((row) => [row.what, row.value, row.wanted ?? '']);
  return `\n${table([[what, 'measured', 'wanted'], ...body], () => false)}`;
}
