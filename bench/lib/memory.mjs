import { readFileSync } from 'node:fs';

/** The most memory this process has held, in MiB. Linux's ru_maxrss begins with that of the process that started it, so it is not asked where /proc tells. */
export function peakMiB() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
}
