// Every command: a line a file.
import { bench } from './bench.js';
import type { Command } from './command.js';
import { convert } from './convert.js';
import { doctor } from './doctor.js';
import { evaluate } from './evaluate.js';
import { findLr } from './find_lr.js';
import { plot } from './plot.js';
import { predict } from './predict.js';
import { summary } from './summary.js';
import { train } from './train.js';

export const commands: readonly Command[] = [train, evaluate, predict, findLr, summary, convert, plot, bench, doctor];
