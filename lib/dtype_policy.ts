import { show, typeError, ValueError } from './errors.js';
import { isPlain, reading } from './options.js';

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

/** What Keras and TensorFlow.js may say of an input. Data of each are widened batch by batch. */
export const inputTypes = 'float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string'.split(
  ' ',
);

/** The name of a dtype, or of Keras's config of a policy, `{ class_name, config: { name } }`. */
const dtypeName = (where: string, given: unknown): unknown =>
  reading(where, () => (isPlain(given) ? (given.config as { name?: unknown } | undefined)?.name : given));

/** The `dtype` of losses, metrics and initializers, which configs of Keras carry: nothing but `known`, 'float32', can be asked for. */
export function checkDtype(where: string, given: unknown, known: readonly string[] = ['float32']): void {
  if (given === undefined || given === null) return;
  const name = dtypeName(where, given);
  if (typeof name !== 'string') throw typeError(`${where}: 'dtype' must be a name such as 'float32'. Received: ${show(given)}`);
  if (known.includes(name)) return;
  throw new ValueError(`${where}: dtype ${show(name)} is not available; gemmfit computes in 'float32'.`, 'ERR_DTYPE');
}

/** A policy by its name or its Keras config. */
export function readPolicy(where: string, given: unknown): DTypePolicy {
  const name = dtypeName(where, given);
  const found = policies.find((policy) => policy === name);
  if (found) return found;
  throw new ValueError(
    `${where}: the dtype policy must be one of ${policies.map((p) => `'${p}'`).join(', ')}; weights are float32 with each. Received: ${show(name ?? given)}`,
    'ERR_DTYPE',
  );
}
