import type { Weight } from '../layers/layer.js';
import { slotsOf } from '../model/optimizer_state.js';
import type { Optimizer } from '../optimizers/index.js';

/** A number or an array that an optimizer keeps, as files of Keras hold it. */
export interface OptimizerVariable {
  /** Keras's name: `iteration`, `learning_rate`, `dense_kernel_momentum`. */
  name: string;
  /** Which slot it is, `momentum`, and of which weight; null for numbers of the optimizer itself. */
  slot: string | null;
  weight: Weight | null;
  /** 'int64' for the counter. */
  dtype: 'float32' | 'int64';
  shape: readonly number[];
  read(): Float32Array | BigInt64Array;
  /** null where files hold what follows from the rest. */
  write: ((value: { numbers: () => Float32Array; number: () => number }) => void) | null;
}

/**
 * What an optimizer keeps, in Keras 3's order: the counter, the learning rate (unless it is a schedule), averages of the weights, gradients accumulated so
 * far, then the slots of the optimizer's own rule.
 * @param trainable the weights it trains, in the model's order
 * @param rate whether the learning rate is among them: in files of Keras 2 it is not
 */
export function optimizerVariables(optimizer: Optimizer, trainable: readonly Weight[], rate = true): OptimizerVariable[] {
  const out = [counter(optimizer)];
  if (rate && typeof optimizer.learningRate === 'number') out.push(learningRate(optimizer));
  const slots = trainable.map((weight) => ({ weight, ...slotsOf(optimizer, weight) }));
  const slot = ({ weight, names, variables }: (typeof slots)[number], name: string): OptimizerVariable => {
    const variable = variables[names.indexOf(name)];
    return {
      name: `${weight.layer.name}_${weight.name}_${name}`.replaceAll('/', '_'),
      slot: name,
      weight,
      dtype: 'float32',
      shape: weight.shape,
      read: () => {
        const values = new Float32Array(variable.size);
        variable.read(values);
        return values;
      },
      write: (value) => variable.write(value.numbers()),
    };
  };
  const own = optimizer.slotNames();
  const common = slots.length ? slots[0].names.filter((name) => !own.includes(name)) : [];
  for (const name of common) for (const s of slots) out.push(slot(s, name));
  for (const names of optimizer.savedSlots()) for (const s of slots) for (const name of names) out.push(slot(s, name));
  return [
    ...out,
    ...optimizer.savedNumbers().map(({ name, value }) => ({
      name,
      slot: null,
      weight: null,
      dtype: 'float32' as const,
      shape: [],
      read: () => Float32Array.of(value),
      write: null,
    })),
  ];
}

/** How many batches it was called for. */
const counter = (optimizer: Optimizer): OptimizerVariable => ({
  name: 'iteration',
  slot: null,
  weight: null,
  dtype: 'int64',
  shape: [],
  read: () => BigInt64Array.of(BigInt(optimizer.calls)),
  write: (value) => {
    optimizer.calls = value.number();
  },
});

const learningRate = (optimizer: Optimizer): OptimizerVariable => ({
  name: 'learning_rate',
  slot: null,
  weight: null,
  dtype: 'float32',
  shape: [],
  read: () => Float32Array.of(optimizer.learningRate),
  // The config has it with all its digits.
  write: (value) => {
    if (value.number() !== Math.fround(optimizer.learningRate)) optimizer.learningRate = value.number();
  },
});
