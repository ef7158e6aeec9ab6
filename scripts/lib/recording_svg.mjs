// Frames of a terminal as one moving picture of SVG. Without motion (`prefers-reduced-motion`, or a viewer that has none) it is the last frame.

const cell = { width: 7.83, height: 17 };
const margin = 14;
/** Seconds that the last frame stays. */
const REST = 5;

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

/** A line: the command that somebody typed stands out. */
function lineOf(text, row) {
  const y = margin + (row + 0.78) * cell.height;
  const kind = text.startsWith('$ ') ? ' class="typed"' : '';
  return `<text x="${margin}" y="${y.toFixed(1)}"${kind}>${escaped(text)}</text>`;
}

/** `frames`: what was shown (`text`), and since when (`at`, in milliseconds). */
export function recordingSvg(frames, { columns, rows, title }) {
  const distinct = frames.filter(({ text }, i) => text !== frames[i - 1]?.text);
  const start = distinct[0].at;
  const end = (distinct.at(-1).at - start) / 1000 + REST;
  const percent = (at) => ((100 * (at - start)) / 1000 / end).toFixed(2);
  const width = Math.ceil(columns * cell.width + 2 * margin);
  const height = Math.ceil(rows * cell.height + 2 * margin);
  const keyframes = distinct.map(({ at }, i) => {
    const next = distinct[i + 1];
    const off = next ? `${percent(next.at)}%{visibility:hidden}` : '';
    return `@keyframes f${i}{0%{visibility:hidden}${percent(at)}%{visibility:visible}${off}}`;
  });
  const groups = distinct.map(({ text }, i) => {
    const lines = text.split('\n').map((line, row) => (line.trim() ? lineOf(line.trimEnd(), row) : ''));
    const last = i === distinct.length - 1 ? ' last' : '';
    return `<g class="f${last}" style="animation-name:f${i}">${lines.join('')}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<style>
text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#d7dde4;white-space:pre}
.typed{fill:#8fd3a8}
.f{visibility:hidden;animation-duration:${end.toFixed(1)}s;animation-timing-function:step-end;animation-iteration-count:infinite}
.last{visibility:visible}
@media (prefers-reduced-motion:reduce){.f{animation:none}}
${keyframes.join('\n')}
</style>
<rect width="100%" height="100%" rx="8" fill="#12171d"/>
${groups.join('\n')}
</svg>
`;
}
