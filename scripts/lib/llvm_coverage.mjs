// What clang's coverage says of each file, from `llvm-cov export`: lines that ran, and the ways of each condition that were taken.
// Pure functions, so that tests can give them small programs.

/** Lines of a file and whether each ran: as llvm-cov's own report counts them. */
function linesOf(segments) {
  const lines = new Map();
  let before;
  for (let i = 0; i < segments.length; ) {
    const [number] = segments[i];
    const here = [];
    for (; i < segments.length && segments[i][0] === number; i++) here.push(segments[i]);
    const entries = here.filter(([, , , hasCount, isEntry, isGap]) => hasCount && isEntry && !isGap);
    const [, , , firstHasCount, firstIsEntry] = here[0];
    const skipped = !firstHasCount && firstIsEntry;
    if (!skipped && (before?.[3] || entries.length))
      lines.set(
        number,
        [before, ...entries].some((segment) => segment?.[3] && segment[2] > 0),
      );
    before = here.at(-1);
    const next = segments[i]?.[0] ?? number;
    if (before[3]) for (let between = number + 1; between < next; between++) lines.set(between, before[2] > 0);
  }
  return lines;
}

/**
 * By file: `lines` (number to whether it ran) and `branches` (`{ line, column, yes, no }`, whether each way was taken). A template and a kernel for
 * several instruction sets have one place in the source, so that all their instances count together. A condition that is constant in an instance
 * has no ways there: the compiler says so by leaving it out.
 */
export function readCoverage({ data }) {
  const files = new Map();
  for (const { files: listed, functions } of data) {
    for (const { filename, segments } of listed) files.set(filename, { lines: linesOf(segments), branches: new Map() });
    for (const { filenames, branches } of functions)
      for (const [line, column, lastLine, lastColumn, yes, no, file] of branches) {
        const found = files.get(filenames[file]);
        if (!found) continue;
        const key = [line, column, lastLine, lastColumn].join();
        const known = found.branches.get(key) ?? { line, column, yes: false, no: false };
        found.branches.set(key, { ...known, yes: known.yes || yes > 0, no: known.no || no > 0 });
      }
  }
  for (const file of files.values())
    file.branches = [...file.branches.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  return files;
}

/**
 * Lines that say why no test reaches them, by number. `// unreached: why` behind code speaks of its line; on a line of its own, of the statement
 * or block that follows: the next line, and those that are indented deeper, to the bracket that closes it.
 */
export function reasonsOf(text) {
  const lines = text.split('\n');
  const indent = (line) => line.search(/\S/);
  const reasons = new Map();
  for (const [i, line] of lines.entries()) {
    const [, code, why] = line.match(/^(.*?)\/\/ unreached: (\S.*)$/) ?? [];
    if (!why) continue;
    const reason = { why, from: i + 1 };
    if (code.trim()) {
      reasons.set(i + 1, reason);
      continue;
    }
    let last = i + 1;
    while (last + 1 < lines.length && (indent(lines[last + 1]) < 0 || indent(lines[last + 1]) > indent(lines[i + 1]))) last++;
    if (/^\s*[}\])]/.test(lines[last + 1] ?? '')) last++;
    for (let k = i + 1; k <= last; k++) reasons.set(k + 1, reason);
  }
  return reasons;
}

/**
 * What of a file is reached, what has a reason, and what has neither. `reasons` that stand at what is reached after all are `stale`.
 */
export function judge({ lines, branches }, reasons) {
  const parts = [
    ...[...lines].map(([line, ran]) => ({ kind: 'lines', line, reached: ran, what: 'never ran' })),
    // Where the condition itself never ran, its line says so.
    ...branches.flatMap(({ line, column, yes, no }) =>
      [
        [yes, 'true'],
        [no, 'false'],
      ].map(([reached, way]) => ({ kind: 'branches', line, column, reached, what: `never ${way}` })),
    ),
  ];
  const counts = { lines: 0, ran: 0, branches: 0, taken: 0, excused: 0 };
  const missing = [];
  const used = new Set();
  for (const part of parts) {
    counts[part.kind]++;
    const reason = reasons.get(part.line);
    if (part.reached || reason) counts[part.kind === 'lines' ? 'ran' : 'taken']++;
    if (part.reached) continue;
    if (reason) {
      counts.excused++;
      used.add(reason);
    } else missing.push(part);
  }
  const all = new Set(reasons.values());
  return {
    counts,
    missing: missing.sort((a, b) => a.line - b.line),
    used: [...used],
    stale: [...all].filter((reason) => !used.has(reason)),
  };
}
