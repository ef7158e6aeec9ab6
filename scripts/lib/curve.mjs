// A learning curve as SVG: loss and accuracy by epoch, for the training and the held-out samples.

const panel = { width: 400, height: 300, left: 64, top: 76, gap: 76 };
const series = [
  { prefix: '', label: 'training', colour: '#1d4ed8', dash: '' },
  { prefix: 'val_', label: 'held out', colour: '#c2410c', dash: '6 4' },
];

/** Round numbers that cover a range in about `count` steps. */
function ticks(low, high, count = 5) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const text = (x, y, content, attributes = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;

function drawPanel(history, key, title, left, format) {
  const { width, height, top } = panel;
  const values = series.flatMap(({ prefix }) => history[prefix + key] ?? []);
  const finite = values.filter(Number.isFinite);
  const yTicks = ticks(Math.min(...finite), Math.max(...finite));
  const [low, high] = [yTicks[0], yTicks.at(-1)];
  const epochs = history[key].length;
  const x = (epoch) => left + (epochs === 1 ? width / 2 : ((epoch - 1) / (epochs - 1)) * width);
  const y = (value) => top + height - ((value - low) / (high - low)) * height;

  const out = [text(left, top - 14, title, 'class="title"')];
  for (const tick of yTicks) {
    out.push(`<line x1="${left}" x2="${left + width}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" class="grid"/>`);
    out.push(text(left - 8, y(tick) + 4, format(tick), 'text-anchor="end"'));
  }
  for (const epoch of ticks(1, epochs, 10).filter((e) => Number.isInteger(e) && e >= 1 && e <= epochs)) {
    out.push(
      `<line x1="${x(epoch).toFixed(1)}" x2="${x(epoch).toFixed(1)}" y1="${top + height}" y2="${top + height + 5}" class="axis"/>`,
    );
    out.push(text(x(epoch), top + height + 20, epoch, 'text-anchor="middle"'));
  }
  out.push(`<path d="M${left} ${top}V${top + height}H${left + width}" class="axis"/>`);
  out.push(text(left + width / 2, top + height + 42, 'epoch', 'text-anchor="middle"'));
  for (const { prefix, colour, dash } of series) {
    const points = (history[prefix + key] ?? [])
      .map((value, i) => [x(i + 1).toFixed(1), y(value).toFixed(1)])
      .filter(([, v]) => v !== 'NaN');
    out.push(
      `<polyline points="${points.map((p) => p.join(',')).join(' ')}" stroke="${colour}" stroke-dasharray="${dash}" class="line"/>`,
    );
    for (const [cx, cy] of points) out.push(`<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`);
  }
  return out.join('\n');
}

/** `history`: Keras's history with loss, accuracy, val_loss and val_accuracy. */
export function learningCurve(history, title) {
  const { width, height, left, top, gap } = panel;
  const total = left + width + gap + width + 28;
  const legend = series.map(({ label, colour, dash }, i) => {
    const at = total - 28 - (series.length - i) * 110;
    return `<line x1="${at}" x2="${at + 30}" y1="26" y2="26" stroke="${colour}" stroke-dasharray="${dash}" class="line"/>${text(at + 38, 30, label)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${top + height + 60}" viewBox="0 0 ${total} ${top + height + 60}">
<style>
text { font: 13px system-ui, 'DejaVu Sans', Arial, sans-serif; fill: #1f2937 }
.title { font-weight: bold; font-size: 14px }
.head { font-weight: bold; font-size: 16px }
.grid { stroke: #e5e7eb }
.axis { stroke: #374151; fill: none }
.line { fill: none; stroke-width: 2 }
</style>
<rect width="100%" height="100%" fill="#ffffff"/>
${text(left, 31, title, 'class="head"')}
${legend.join('\n')}
${drawPanel(history, 'loss', 'Loss', left, (value) => String(value))}
${drawPanel(history, 'accuracy', 'Accuracy', left + width + gap, (value) => `${Number((value * 100).toFixed(6))} %`)}
</svg>
`;
}
