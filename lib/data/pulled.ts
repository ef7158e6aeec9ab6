/** Of a dataset of ours: an iterator whose `next` answers at once where it can. What it gives is nobody else's, so that it need not be copied. */
export const pulls: unique symbol = Symbol('pulls');
