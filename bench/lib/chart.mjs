// The results as a picture: a group of bars a workload, as long as the logarithm of the time an epoch took beside gemmfit's.
import { ranked } from './report.mjs';
import { time } from './statistics.mjs';
import { workloads } from './workloads.mjs';

const colours = { gemmfit: '#0b6e4f', handwritten: '#8a8a8a' };
const bar = 17;
const left = 150;
const plot = 470;
const width = left + plot + 180;
const escapeXml = (text) => String(text).replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

// Round numbers on a logarithmic axis: the densest of these series whose labels leave a gap between them.
const series = [[1, 2, 5], [1, 3], [1]];
const widthOf = (label) => 7 * label.length;
const gap = 8;

function ticksOf(low, high, x) {
  const decades = [];
  for (let d = Math.floor(Math.log10(low)); 10 ** d <= high; d++) decades.push(d);
  const all = series.map((digits) =>
    decades
      .flatMap((d) => digits.map((digit) => Number(`${digit}e${d}`)))
      .filter((t) => t >= low && t <= high)
      .map((t) => ({ at: x(t), label: `${t} x` })),
  );
  const apart = (ticks) =>
    ticks.every(
      (tick, i) => i === 0 || tick.at - ticks[i - 1].at >= (widthOf(tick.label) + widthOf(ticks[i - 1].label)) / 2 + gap,
    );
  return all.find(apart) ?? all.at(-1);
}

export function chart(results) {
  const groups = Object.entries(results.workloads).map(([name, entry]) => ({
    name,
    limit: entry.limit,
    rows: ranked(entry).filter((row) => !row.reason),
  }));
  const withOwn = groups.filter((group) => group.rows.some((row) => row.system === 'gemmfit'));
  const ownOf = (group) => group.rows.find((row) => row.system === 'gemmfit').median;
  const ratios = withOwn.flatMap((group) => group.rows.map((row) => row.median / ownOf(group)));
  const limits = withOwn.map((group) => group.limit / ownOf(group));
  const low = Math.min(0.25, ...ratios, ...limits) * 0.9;
  const high = Math.max(4, ...ratios) * 1.1;
  const x = (ratio) => left + (plot * Math.log(ratio / low)) / Math.log(high / low);
  const parts = [];
  let y = 58;
  const top = y;
  for (const group of withOwn) {
    const own = ownOf(group);
    parts.push(
      `<text x="8" y="${y + 12}" font-weight="600">${escapeXml(`${group.name}: ${workloads[group.name].about}, ${workloads[group.name].data.rows.toLocaleString('en-US')} rows`)}</text>`,
    );
    y += 20;
    const groupTop = y;
    for (const row of group.rows) {
      const end = x(row.median / own);
      parts.push(
        `<text x="${left - 8}" y="${y + 12}" text-anchor="end">${escapeXml(row.system)}${row.otherWork ? ' *' : ''}</text>`,
        `<rect x="${left}" y="${y + 1}" width="${(end - left).toFixed(1)}" height="${bar - 4}" rx="2" fill="${colours[row.system] ?? '#c9a227'}"/>`,
        `<text x="${(end + 6).toFixed(1)}" y="${y + 12}">${escapeXml(time(row.median))}${row.system === 'gemmfit' ? '' : `  (${(row.median / own).toFixed(row.median / own < 10 ? 2 : 0)} x)`}</text>`,
      );
      y += bar;
    }
    const limit = x(group.limit / own).toFixed(1);
    parts.push(`<line x1="${limit}" x2="${limit}" y1="${groupTop - 2}" y2="${y - 1}" stroke="#b02a30" stroke-width="2"/>`);
    y += 14;
  }
  const grid = ticksOf(low, high, x).map(
    ({ at, label }) =>
      `<line x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="${top - 8}" y2="${y - 12}" stroke="#e4e4e4"/><text x="${at.toFixed(1)}" y="${top - 12}" text-anchor="middle" fill="#666">${label}</text>`,
  );
  const { machine } = results;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 30}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${y + 30}" fill="#fff"/>`,
    '<text x="8" y="20" font-size="15" font-weight="600">Time of an epoch beside gemmfit (median; shorter is faster; logarithmic)</text>',
    ...grid,
    ...parts,
    `<text x="8" y="${y + 6}" fill="#666">Red line: what the machine needs at least. * other work.</text>`,
    `<text x="8" y="${y + 22}" fill="#666">${escapeXml(`${results.date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, node ${machine.node}`)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}
