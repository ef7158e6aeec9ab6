/** A table in the style of Keras 3's printer; cells that are too wide take several lines, the last column is set to the right. */
export function table(header: readonly string[], widths: readonly number[], rows: readonly string[][]): string[] {
  const rule = (left: string, fill: string, cross: string, right: string) =>
    left + widths.map((w) => fill.repeat(w + 2)).join(cross) + right;
  const line = (cells: readonly string[], bar: string) =>
    `${bar}${cells.map((c, i) => ` ${i === 2 ? c.padStart(widths[i]) : c.padEnd(widths[i])} `).join(bar)}${bar}`;
  const block = (cells: readonly string[], bar: string) => {
    const wrapped = cells.map((c, i) => wrap(c, widths[i]));
    const height = Math.max(...wrapped.map((w) => w.length));
    return Array.from({ length: height }, (_, k) =>
      line(
        wrapped.map((w) => w[k] ?? ''),
        bar,
      ),
    );
  };
  const between = rule('├', '─', '┼', '┤');
  return [
    rule('┏', '━', '┳', '┓'),
    ...block(header, '┃'),
    rule('┡', '━', '╇', '┩'),
    ...rows.flatMap((row, i) => [...(i ? [between] : []), ...block(row, '│')]),
    rule('└', '─', '┴', '┘'),
  ];
}

/** Lines of at most `width` characters, broken at blanks where there are any. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line) lines.push(line);
    let rest = word;
    for (; rest.length > width; rest = rest.slice(width)) lines.push(rest.slice(0, width));
    line = rest;
  }
  return line || lines.length === 0 ? [...lines, line] : lines;
}
