import { readFileSync, writeFileSync } from 'node:fs';

const status = (key) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;

/** The most memory this process has held, in MiB. Linux's ru_maxrss begins with that of the process that started it, so it is not asked where /proc tells. */
export function peakMiB() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return status('VmHWM');
}

let before = null;

/** From here on memory counts as that of training: libraries and data are there. Only Linux can tell. */
export function beginGrowth() {
  if (process.platform !== 'linux') return;
  const peak = peakMiB();
  try {
    writeFileSync('/proc/self/clear_refs', '5'); // the peak starts anew
    before = { peak, held: status('VmRSS') };
  } catch {}
}

/** The peak, and how much of it came after beginGrowth (null where that cannot be told). */
export function growth() {
  const peak = peakMiB();
  return before ? { peakMiB: Math.max(before.peak, peak), grownMiB: peak - before.held } : { peakMiB: peak, grownMiB: null };
}
