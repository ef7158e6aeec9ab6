// Every command: a line a file.
import { bench } from './bench.js';
import type { Command } from './command.js';
import { convert } from './convert.js';
import { doctor } from './doctor.js';
import { plot } from './plot.js';
import { summary } from './summary.js';

export const commands: readonly Command[] = [summary, convert, plot, bench, doctor];
