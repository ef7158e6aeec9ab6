import { show, ValueError } from './errors.js';

/**
 * How a layer computes. `'mixed_bfloat16'`: the operands of its matrix products are rounded to bfloat16 (8 significant bits), which makes wide
 * layers about twice as fast where the processor multiplies such numbers itself (`version.bfloat16`), and is emulated, slower, elsewhere;
 * sums, weights, activations, losses and the optimizer's state stay float32.
 */
export type DTypePolicy = 'float32' | 'mixed_bfloat16';

const policies: readonly DTypePolicy[] = ['float32', 'mixed_bfloat16'];
let current: DTypePolicy = 'float32';

/**
 * The policy of layers that are given no `dtype`. `'float32'` unless {@link setDtypePolicy} changed it.
 * @example dtypePolicy() // 'float32'
 */
export function dtypePolicy(): DTypePolicy {
  return current;
}

/**
 * The policy of layers made from now on that are given no `dtype` of their own; those that exist keep theirs. Default `'float32'`.
 * @param policy `'float32'` or `'mixed_bfloat16'`; any other is a ValueError, ERR_DTYPE
 * @example setDtypePolicy('mixed_bfloat16')
 */
export function setDtypePolicy(policy: DTypePolicy): void {
  current = readPolicy('setDtypePolicy', policy);
}

/** A policy by its name or its Keras config, `{ class_name, config: { name } }`. */
export function readPolicy(where: string, given: unknown): DTypePolicy {
  const name = typeof given === 'object' && given !== null ? (given as { config?: { name?: unknown } }).config?.name : given;
  const found = policies.find((policy) => policy === name);
  if (found) return found;
  throw new ValueError(
    `${where}: the dtype policy must be one of ${policies.map((p) => `'${p}'`).join(', ')}; weights are float32 with each. Received: ${show(name ?? given)}`,
    'ERR_DTYPE',
  );
}
