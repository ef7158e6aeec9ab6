// What a change did: two results side by side. A change smaller than the noise of either run is marked so.
import { ranked, table } from './report.mjs';
import { median, time } from './statistics.mjs';

/** Half the distance between the quartiles, as a share of the median. */
export function noise(epochs) {
  const sorted = [...epochs].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return (at(0.75) - at(0.25)) / 2 / median(epochs);
}

export function compare(before, after) {
  if (!before || !after) throw new Error('--compare takes two files: before.json after.json');
  const rows = [];
  for (const [name, entry] of Object.entries(after.workloads)) {
    const others = before.workloads[name] ? ranked(before.workloads[name]) : [];
    for (const now of ranked(entry)) {
      const then = others.find((row) => row.system === now.system);
      if (!then || then.reason || now.reason) continue;
      const ratio = now.median / then.median;
      const band = noise(then.epochs) + noise(now.epochs);
      const verdict = Math.abs(ratio - 1) <= band ? 'noise' : ratio < 1 ? 'faster' : 'slower';
      rows.push([
        `${name} ${now.system}`,
        time(then.median),
        time(now.median),
        ratio.toFixed(3),
        `+-${(100 * band).toFixed(0)} %`,
        verdict,
      ]);
    }
  }
  return table([['', 'before', 'after', 'ratio', 'noise', ''], ...rows]);
}
