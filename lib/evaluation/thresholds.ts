import type { Scored } from './inputs.js';

/** Weight of what is called positive, for each score that occurs, from the highest down. */
export interface Counts {
  thresholds: number[];
  /** Rightly called positive, at or above the threshold. */
  truePositives: number[];
  /** Wrongly. */
  falsePositives: number[];
}

export function countsByThreshold({ positive, score, weight }: Scored): Counts {
  const order = Array.from(score.keys())
    .filter((i) => weight[i] !== 0)
    .sort((a, b) => score[b] - score[a]);
  const counts: Counts = { thresholds: [], truePositives: [], falsePositives: [] };
  let right = 0;
  let wrong = 0;
  order.forEach((sample, k) => {
    if (positive[sample]) right += weight[sample];
    else wrong += weight[sample];
    if (k + 1 < order.length && score[order[k + 1]] === score[sample]) return;
    counts.thresholds.push(score[sample]);
    counts.truePositives.push(right);
    counts.falsePositives.push(wrong);
  });
  return counts;
}

/** Without the points in the middle of straight lines: the curve is the same. */
export function corners({ thresholds, truePositives: tp, falsePositives: fp }: Counts): Counts {
  const turns = (list: readonly number[], i: number) => list[i + 1] - list[i] !== list[i] - list[i - 1];
  const kept = Array.from(thresholds.keys()).filter(
    (i) => i === 0 || i === thresholds.length - 1 || turns(tp, i) || turns(fp, i),
  );
  const take = (list: readonly number[]) => kept.map((i) => list[i]);
  return { thresholds: take(thresholds), truePositives: take(tp), falsePositives: take(fp) };
}
