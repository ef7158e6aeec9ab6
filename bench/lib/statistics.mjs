export function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How far the loss of the first epoch may be from gemmfit's own, as a share of it: what rounding makes of hundreds of steps. */
export const lossTolerance = 0.01;

/** Why a result has no time: a sentence, or null. */
export function wrongness(result, expected) {
  if (result.failed) return result.failed;
  if (result.otherWork) return null;
  const off = Math.abs(result.loss - expected) / Math.abs(expected);
  return off <= lossTolerance ? null : `wrong loss: ${result.loss} after the first epoch, expected ${expected}`;
}

/** A time in the unit that suits it. */
export function time(seconds) {
  if (seconds < 1e-3) return `${(seconds * 1e6).toFixed(1)} us`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(seconds < 0.1 ? 2 : 0)} ms`;
  return `${seconds.toFixed(2)} s`;
}

/** Least-squares slope of log y over log x: the exponent of growth. */
export function exponent(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)]);
  const mean = (k) => logs.reduce((sum, p) => sum + p[k], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  return logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}
