// What bytes.h reads, from what the engine is told: { spec, variables, slots: shapes, states: how many, sample, rows, labelSize, weightSteps, batch, ids }.
const SMALL = 16;

function value(v) {
  if (v === null || v === undefined) return [0];
  if (typeof v === 'boolean') return [1, Number(v)];
  if (typeof v === 'number') {
    if (Number.isInteger(v) && Math.abs(v) <= SMALL) return [2, v & 255];
    return [3, ...new Uint8Array(Float64Array.of(v).buffer)];
  }
  if (typeof v === 'string') return [4, ...text(v)];
  if (Array.isArray(v)) return [5, v.length, ...v.flatMap(value)];
  const fields = Object.entries(v);
  return [6, fields.length, ...fields.flatMap(([key, item]) => [...text(key), ...value(item)])];
}
const text = (s) => [s.length, ...Buffer.from(s)];
const shape = (s) => [s.length, ...s];
const shapes = (list) => [list.length, ...list.flatMap(shape)];

export const encodeProgram = ({ spec, variables, slots, states, sample, rows, labelSize, batch, ids }) =>
  Uint8Array.from([
    ...value(spec),
    ...shapes(variables),
    ...shapes(slots),
    states,
    ...shape(sample),
    ...[rows - 1, labelSize, 0, batch - 1, Number(ids)],
  ]);

/** Three arrays (type, floats a row, as many rows as x), what is looked for in two of them, and how batches are taken. */
export const encodeFeed = ({ rows, arrays, options }) =>
  Uint8Array.from([
    rows,
    ...arrays.flatMap(([type, rowSize]) => (rowSize ? [type, rowSize, 1] : [type, 0])),
    ...arrays.slice(0, 2).flatMap(([, rowSize]) => (rowSize ? new Array(25).fill(0) : [])),
    ...value(options),
    // Of the queue: batches put in and taken.
    ...[0, 3, 0, 0, 5, 1, 2, 3, 0, 2, 0, 1, 3, 2],
  ]);
