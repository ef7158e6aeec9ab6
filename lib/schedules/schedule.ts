import { show, typeError } from '../errors.js';
import { checkNumber } from '../options.js';
import { type Config, classNameOf, type Part } from '../registry.js';

/** Rounds to float32: Keras computes schedules in float32, and where one jumps, rounding may decide on which side a step falls. */
export const f = Math.fround;

/**
 * A learning rate that depends on the step: given to an optimizer as its `learningRate`.
 * A subclass of yours gives `call`; give it `className` and `getConfig` too and register it by `registerSerializable` to save models with it.
 * @example
 * class InverseRoot extends schedules.LearningRateSchedule {
 *   call(step: number) {
 *     return 0.1 / Math.sqrt(step + 1);
 *   }
 * }
 * model.compile({ optimizer: optimizers.sgd({ learningRate: new InverseRoot() }), loss: 'mse' });
 */
export abstract class LearningRateSchedule implements Part {
  static readonly className: string = 'LearningRateSchedule';

  /**
   * The rate for a step. The rates of many steps are asked for ahead of them: the result must depend on `step` alone.
   * @param step updates done before: 0 for the first
   */
  abstract call(step: number): number;

  getConfig(): Config {
    throw typeError(`The schedule ${classNameOf(this)} has no getConfig(), which saving it takes.`, 'ERR_CONFIG');
  }
}

/** What the built-in schedules have in common. */
export abstract class BuiltInSchedule extends LearningRateSchedule {
  /** Keras's name of the operation. */
  readonly name: string | null;
  protected constructor(name: unknown) {
    super();
    if (name != null && typeof name !== 'string')
      throw typeError(`${classNameOf(this)}: 'name' must be a string. Received: ${show(name)}`);
    this.name = name ?? null;
  }
}

/** Length of a phase in steps, above 0. */
export const checkSteps = (where: string, name: string, value: unknown): number => checkNumber(where, name, value, { above: 0 });
