/** Weights without the engine, for tests of what layers say of themselves: `vi.mock('../../lib/engine/addon.js', () => import('./fake_addon.js'))`. */
class Variable {
  #values = new Float32Array(0);
  constructor(readonly shape: readonly number[]) {}
  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }
  write(values: Float32Array): void {
    this.#values = Float32Array.from(values);
  }
  read(to: Float32Array): void {
    to.set(this.#values);
  }
}

export const addon = {
  Variable,
  randomFill: (_kind: unknown, _seed: number, to: Float32Array): Float32Array => to.fill(0),
};
