import { type Activation, activationRegistry } from '../activations/index.js';
import { type Constraint, constraintRegistry } from '../constraints/index.js';
import type { WeightArray } from '../data/inputs.js';
import { checkWeightArray, NDArray } from '../data/ndarray.js';
import { checkDtype, type DTypePolicy, dtypePolicy, inputTypes, readPolicy } from '../dtype_policy.js';
import { addon, type NativeVariable } from '../engine/addon.js';
import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from '../identifiers.js';
import { type Initializer, initializerRegistry } from '../initializers/index.js';
import type { TensorLike } from '../ops/as_tensor.js';
import { Tensor } from '../ops/tensor.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import type { DTypePolicyIdentifier, InputDType } from '../part_config.js';
import { nextSeed } from '../random.js';
import { type Config, classNameOf, type Part, partToJSON, snake } from '../registry.js';
import { type Regularizer, regularizerRegistry } from '../regularizers/index.js';
import { shapeText } from '../shapes.js';
import { addLossOf, type CallContext, Composition, tracesTraining } from './composed.js';
import { checkSample, checkWeightSize, withMemory } from './limits.js';
import { setAllWeights } from './set_weights.js';
import { checkBatchShape, checkShape, type Shape, sameShape, sampleShape } from './shape.js';
import { takeWeight } from './weight_budget.js';
import { type Grouped, pathsOf } from './weight_groups.js';

export { checkShape, type Shape };

/** Options that every layer takes. */
export interface LayerOptions {
  /** Unique within a model; made from the class name where it is not given: `dense`, `dense_1`. */
  name?: string;
  /** Whether training changes the weights. Taken note of at `compile`. Default true. */
  trainable?: boolean;
  /** A penalty on what the layer gives, divided by the samples of a batch and added to its loss: of l1 and l2. Default none. */
  activityRegularizer?: RegularizerIdentifier;
  /** How it computes: `'float32'` or `'mixed_bfloat16'`, or Keras's config of such a policy. Default: that of `dtypePolicy()`. */
  dtype?: DTypePolicyIdentifier;
  /** On a first layer: the shape of one sample. */
  inputShape?: Shape;
  /** On a first layer: the shape with its batch dimension, as Keras 2 wrote it. */
  batchInputShape?: Shape;
  /** On a first layer: short for `inputShape: [inputDim]`. */
  inputDim?: number;
  /** On a first layer, from TensorFlow.js: the type of the input, such as 'int32'. Data of any type are taken whatever it says. */
  inputDType?: InputDType;
  /** On a first layer, from Keras 2: how many samples a batch has. Any number is taken whatever it says. */
  batchSize?: number | null;
}

export const baseDefaults = {
  name: undefined,
  trainable: true,
  activityRegularizer: null as RegularizerIdentifier,
  dtype: undefined,
  inputShape: undefined,
  batchInputShape: undefined,
  inputDim: undefined,
  inputDType: undefined,
  batchSize: undefined,
};

/**
 * A weight or moving statistic of a layer. Its values live in native memory; `read` and `write` copy.
 * @example
 * const model = sequential([layers.dense({ units: 1, inputShape: [4] })]);
 * for (const weight of model.weights) console.log(weight.name, weight.shape, weight.read().toArray());
 */
export class Weight {
  readonly dtype = 'float32';
  /** The values, shared with every network that uses them. */
  readonly variable: NativeVariable;

  constructor(
    readonly name: string,
    readonly shape: readonly number[],
    /** False for statistics that no gradient reaches. */
    readonly learned: boolean,
    readonly layer: Layer,
    readonly regularizer: Regularizer | null,
    readonly constraint: Constraint | null,
    /** What it stands in within its layer: a cell, whose `trainable` counts too. */
    readonly within: Layer = layer,
  ) {
    this.variable = new addon.Variable([...shape]);
  }

  /** Whether training changes it: it has a gradient, and neither its layer nor what that stands in is frozen. */
  get trainable(): boolean {
    return this.learned && this.layer.trains && this.within.trains;
  }

  /**
   * Where it stands: names of layers, and of what it is within them, then its own: `lstm/cell/kernel`. In the model that its layer was first
   * added to; where that is a layer of another, in the inner one.
   */
  get path(): string {
    const paths = pathsOf(stackOf(this.layer).map((layer) => layer.weightGroup()));
    for (const [path, weight] of paths) if (weight === this) return path;
    return this.name;
  }

  read(): NDArray {
    const data = new Float32Array(this.variable.size);
    this.variable.read(data);
    return new NDArray(data, [...this.shape]);
  }

  /** Takes an array of exactly this shape. Throws RuntimeError while a fit is running, ValueError where the shape differs. */
  write(values: WeightArray): void {
    this.variable.write(checkWeightArray(`weight '${this.name}'`, values, this.shape));
  }
}

export interface WeightOptions {
  initializer: Initializer;
  regularizer?: Regularizer | null;
  constraint?: Constraint | null;
  trainable?: boolean;
  within?: Layer;
}

/** Options of `addWeight` in a layer of your own. */
export interface AddWeightOptions {
  /** Default `'variable_0'`, ... */
  name?: string;
  shape: readonly number[];
  /** Default `'glorotUniform'`. */
  initializer?: InitializerIdentifier;
  regularizer?: RegularizerIdentifier;
  constraint?: ConstraintIdentifier;
  /** Default true. */
  trainable?: boolean;
  /** Only 'float32'. */
  dtype?: 'float32';
}

/** A layer's weights as files hold them. */
export type WeightGroup = Grouped<Weight>;

/** A program while layers put their ops into it. Values are numbered; 0 is the batch. */
export interface Lowering {
  /** Positions of this layer's weights among the network's variables, in the order of `layer.weights`. */
  weights(layer: Layer): number[];
  /** Whether training changes the layer, as it was noted at `compile`. */
  trains(layer: Layer): boolean;
  /** A weight's position among the network's variables. */
  weight(weight: Weight): number;
  /** Adds a single number to the model's loss. */
  addLoss(value: number): void;
  /** Position of what a stateful layer carries from batch to batch. */
  state(variable: NativeVariable): number;
  /** The op of an activation that a layer applies at its end: none for linear. */
  activation(activation: Activation): OpSpec[];
  /** Puts an op over values that are there. The value it makes. */
  add(op: OpSpec, inputs: readonly number[]): number;
  /** Ops put meanwhile are of this layer, unless one inside it puts them: what an op has to say of sizes that only data tell, it says of its layer. */
  of(layer: Layer, put: () => number): number;
  /** Branches of a layer's ops. Random numbers of ops outside do not hang on how many ops are in one, nor those of one branch on another. */
  fork(): (branch: number, put: () => number) => number;
}

/** Puts layers that take each other's output over a value, with their activity regularizers. The value that the last one makes. */
export function lowerAll(layers: readonly Layer[], x: number, input: Shape, lowering: Lowering): number {
  let shape = checkSample('The model', 'an input', input);
  let value = x;
  for (const layer of layers) {
    value = lowering.of(layer, () => {
      const y = layer.lowerInto(value, shape, lowering);
      const penalty = layer.activityRegularizer;
      return penalty ? lowering.add({ op: 'activityRegularization', ...penalty.spec() }, [y]) : y;
    });
    shape = layer.computeOutputShape(shape);
  }
  return value;
}

/** How a layer computes arrays: what runs it knows all layers, and is given by index.ts. */
export const computing: { now(layer: Layer, x: unknown, context: Partial<CallContext>): NDArray } = {
  now(layer) {
    throw new Error(`${layer.label} has nothing to run it`);
  },
};

/** What a layer stands in: a model, or a layer around it. */
export interface Home {
  readonly trains: boolean;
  /** The layers of a model. */
  readonly layers?: readonly Layer[];
}

/** The layers of the model that a layer stands in; without one, what stands around it. */
function stackOf(layer: Layer): readonly Layer[] {
  const { home } = layer;
  return home instanceof Layer ? stackOf(home) : (home?.layers ?? [layer]);
}

/** Whether it carries state from batch to batch. */
export const isStateful = (layer: Layer): boolean => (layer as { stateful?: unknown }).stateful === true;

/**
 * One layer of a model: its Keras config, its shape rule, its weights, and the native ops it becomes.
 * A subclass gives `className`, `outputShapeOf`, `lower` (or `lowerInto`) and `config`, and `createWeights` where it has any.
 * @example
 * const frozen = layers.dense({ units: 8, name: 'features', inputShape: [4] });
 * frozen.trainable = false;
 */
export abstract class Layer implements Part {
  static readonly className: string = 'Layer';
  /** Why it takes no `activityRegularizer`, where it takes none. */
  static readonly noActivityRegularizer: string | undefined = undefined;
  /** @internal Whether `call` is JavaScript that takes data, and not made of ops. */
  static readonly computesItself: boolean = false;
  /** Whether its ops multiply matrices and can do so in float32 only. */
  static readonly onlyFloat32: boolean = false;

  name: string | undefined;
  #trainable: boolean;
  #home: Home | undefined;
  /** Shapes of weights, while it is found out which ones an input asks for. */
  #probe: string[] | null = null;
  readonly activityRegularizer: Regularizer | null;
  readonly dtypePolicy: DTypePolicy;
  readonly batchInputShape: Shape | undefined;
  readonly weights: Weight[] = [];
  /** The input shape it was built for. */
  builtFor: Shape | undefined;
  /** Whether what comes out has the mask of what came in. A layer with a `call` of its own sets it; Keras's `supports_masking`. */
  supportsMasking = false;
  /** The code of a user's class. */
  readonly #composition: Composition | null = null;
  readonly #ownBuild: ((inputShape: Shape) => void) | null = null;

  constructor(options: LayerOptions = {}) {
    const where = this.className;
    const { name, trainable, dtype, inputShape, batchInputShape, inputDim } = options;
    if (name !== undefined && (typeof name !== 'string' || !name))
      throw typeError(`${where}: 'name' must be a non-empty string. Received: ${show(name)}`);
    this.dtypePolicy = dtype == null ? dtypePolicy() : readPolicy(where, dtype);
    if (this.dtypePolicy !== 'float32' && (this.constructor as typeof Layer).onlyFloat32)
      throw new ValueError(
        `${where}: dtype '${this.dtypePolicy}' is not available for this layer; give it dtype: 'float32'. All but recurrent layers take it.`,
        'ERR_DTYPE',
      );
    this.name = name;
    this.#trainable = checkBoolean(where, 'trainable', trainable ?? true);
    this.activityRegularizer = this.#activity(options.activityRegularizer);
    checkDtype(where, options.inputDType, inputTypes);
    if (options.batchSize != null) checkNumber(where, 'batchSize', options.batchSize, { min: 1, integer: true });
    const shape = sampleShape(where, { inputShape, batchInputShape, inputDim });
    if (shape) this.batchInputShape = [null, ...shape];
    const { call, build } = this;
    if (call === Layer.prototype.call || new.target.computesItself) return;
    if (this.outputShapeOf !== Layer.prototype.outputShapeOf)
      throw new ValueError(
        `${where} has a method 'call', which would never be called: the native engine computes the layer that it extends. Extend layers.Layer.`,
        'ERR_UNSUPPORTED',
      );
    // Users call the same names as the package does: what they wrote runs when it is due, once a shape and mode.
    this.#composition = new Composition(this, call.bind(this) as ConstructorParameters<typeof Composition>[1]);
    this.call = Layer.prototype.call;
    if (build === Layer.prototype.build) return;
    this.#ownBuild = build.bind(this);
    this.build = Layer.prototype.build;
  }

  #activity(given: unknown): Regularizer | null {
    if (given == null) return null;
    const why = (this.constructor as typeof Layer).noActivityRegularizer;
    if (why !== undefined)
      throw new ValueError(
        `${this.className}: 'activityRegularizer' is not available: ${why}. Received: ${show(given)}`,
        'ERR_UNSUPPORTED',
      );
    const regularizer = this.regularizer('activityRegularizer', given);
    if (regularizer && regularizer.spec().regularizer !== 'l1l2')
      throw new ValueError(
        `${this.className}: 'activityRegularizer' must be one of l1, l2 and l1L2. Received: ${classNameOf(regularizer)}`,
        'ERR_UNSUPPORTED',
      );
    return regularizer;
  }

  /** Options of the class over their defaults, with those that every layer takes. Unknown ones throw a TypeError. */
  protected static read<T extends object>(className: string, given: unknown, defaults: T): T & LayerOptions {
    return readOptions(className, given, { ...defaults, ...baseDefaults, ...defaults });
  }

  get className(): string {
    return (this.constructor as typeof Layer).className;
  }

  /** How messages name it. */
  get label(): string {
    return `layer '${this.name ?? this.className}'`;
  }

  /** Whether training changes its weights, read at `compile`. Set to another value, it is handed down to the layers inside. */
  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(value: boolean) {
    this.#trainable = checkBoolean(this.label, 'trainable', value);
    for (const layer of this.sublayers) layer.trainable = value;
  }

  /** Layers inside it: of a class of your own those that its properties hold, also in lists. */
  get sublayers(): readonly Layer[] {
    return this.#composition ? this.#held().map(([, layer]) => layer) : [];
  }
  #held(): [name: string, layer: Layer][] {
    return Object.entries(this).flatMap(([name, value]): [string, Layer][] => {
      if (value instanceof Layer) return [[name, value]];
      if (!Array.isArray(value)) return [];
      return value.flatMap((item, i): [string, Layer][] => (item instanceof Layer ? [[`${name}/${i}`, item]] : []));
    });
  }

  /** Whether neither it is frozen nor what it was first put into. */
  get trains(): boolean {
    return this.trainable && (this.#home?.trains ?? true);
  }
  get home(): Home | undefined {
    return this.#home;
  }
  set home(home: Home | undefined) {
    this.#home = home;
  }

  /** The shape of one output sample. Throws a ValueError with the layer's name where the input does not fit, or either is too large. */
  computeOutputShape(input: Shape): Shape {
    return checkSample(this.label, 'an output', this.outputShapeOf(checkShape(this.label, 'input', input)));
  }

  /** @internal The shape rule alone: of an input whose sizes are whole numbers above 0, or null. What is too large is refused where it is used. */
  outputShapeOf(input: Shape): Shape {
    if (!this.#composition) throw new Error(`${this.className} has neither 'outputShapeOf' nor 'call'`);
    if (!this.builtFor) this.buildFor(input);
    return this.#composition.outputShape(input);
  }

  /**
   * Puts the layer over a tensor in another layer's `call`; or computes it at once for an array of samples, as in prediction. A class of your
   * own has this method instead of a native op: it gets a tensor and gives one, made by `ops.*` and the `call` of other layers.
   * @param x a tensor, or an array with its batch
   */
  // biome-ignore lint/suspicious/noExplicitAny: a tensor for a tensor, an NDArray for an array; a class that overrides it says which
  call(x: any, context: Partial<CallContext> = {}): any {
    return x instanceof Tensor ? this.#over(x, context) : computing.now(this, x, context);
  }

  #over(x: Tensor, context: Partial<CallContext>): Tensor {
    if (!x.rows)
      throw new ValueError(
        `${this.label} takes samples of a batch. Received: ${x}, which is one for the whole batch`,
        'ERR_SHAPE',
      );
    const sample = x.shape.slice(1);
    this.buildFor(sample);
    if (this.#composition) return this.#composition.over(x, context);
    if (context.training !== undefined && context.training !== tracesTraining())
      throw new ValueError(
        `${this.label}: 'training' is that of the model in this layer. Leave it out, or choose in 'call' whether the layer is used.`,
        'ERR_UNSUPPORTED',
      );
    if (context.mask != null) throw new ValueError(`${this.label}: 'mask' comes with x here. Leave it out.`, 'ERR_UNSUPPORTED');
    return new Tensor([x.shape[0], ...this.computeOutputShape(sample)], true, 'float32', { kind: 'layer', layer: this, of: [x] });
  }

  /** Adds the sum of a tensor to the model's loss, in every step. To be called in `call`. */
  addLoss(loss: TensorLike): void {
    addLossOf(this.label, loss);
  }

  /** The native ops it becomes, one after the other. They read sizes that are null here from the batch. */
  lower(_input: Shape, _lowering: Lowering): OpSpec[] {
    throw new Error(`${this.className} has neither 'lower' nor 'lowerInto'`);
  }

  /** Puts its ops over a value of that shape, and names what they make. A layer whose ops branch has this instead of `lower`. */
  lowerInto(x: number, input: Shape, lowering: Lowering): number {
    if (!this.#composition) return this.lower(input, lowering).reduce((value, op) => lowering.add(op, [value]), x);
    const tracing = {
      add: lowering.add,
      weight: (w: unknown) => lowering.weight(w as Weight),
      layer: (layer: unknown, value: number, sample: Shape) => lowerAll([layer as Layer], value, sample, lowering),
    };
    return this.#composition.lower(x, input, tracing, lowering.addLoss, this.precision);
  }

  /** Its own options as `getConfig` gives them, without name, trainable and an activity regularizer. Parts stay instances. */
  protected config(): Config {
    return {};
  }

  /** Makes the weights with `addWeight`, in Keras's order: trainable ones first. */
  protected createWeights(input: Shape): void {
    if (!this.#composition) return;
    this.#composition.forget();
    this.#ownBuild?.([null, ...input]);
    this.#composition.trace(input, false); // builds the layers inside
    for (const layer of this.sublayers) {
      layer.home ??= this;
      for (const weight of layer.weights) if (!this.weights.includes(weight)) this.weights.push(weight);
    }
  }

  /** Whether it has weights of its own that learn, or will have when it is built. */
  get learns(): boolean {
    if (this.builtFor) return this.weights.some((w) => w.learned && w.layer === this);
    return this.#ownBuild !== null || (this.sublayers.length === 0 && this.createWeights !== Layer.prototype.createWeights);
  }

  /**
   * Makes the weights for inputs of a shape; for a layer that has them, checks that they fit. A class of your own makes its weights here, by
   * `addWeight`.
   * @param inputShape with its batch dimension: `[null, 784]`
   */
  build(inputShape: Shape): void {
    // A class's own may call the one that it overrides.
    if (!this.#building) this.buildFor(checkBatchShape(this.label, 'inputShape', inputShape));
  }
  #building = false;

  /** @internal As `build`, for samples of a shape. */
  buildFor(input: Shape): void {
    if (this.#building) return;
    if (this.builtFor) {
      if (!sameShape(input, this.builtFor)) this.#checkFits(input, this.builtFor);
      return;
    }
    if (!this.#composition) this.outputShapeOf(input);
    const made = this.weights.length;
    this.#building = true;
    try {
      this.createWeights(input);
    } catch (error) {
      this.weights.length = made;
      throw error;
    } finally {
      this.#building = false;
    }
    this.builtFor = input;
  }

  /** A layer of several stacks has one set of weights: in each of them they must be those that its input there asks for. */
  #checkFits(input: Shape, builtFor: Shape): void {
    const output = this.outputShapeOf(input);
    const made = this.weights.length;
    const wanted: string[] = [];
    this.#probe = wanted;
    try {
      this.createWeights(input);
    } finally {
      this.#probe = null;
      this.weights.length = made;
    }
    const own = this.weights.filter((w) => w.layer === this).map((w) => String(w.shape));
    const sameRank = this.outputShapeOf(builtFor).length === output.length;
    if (made > 0 && (!sameRank || own.join(';') !== wanted.join(';')))
      throw new ValueError(
        `${this.label} was built for input shape ${shapeText(builtFor)} and cannot take ${shapeText(input)}.`,
        'ERR_SHAPE',
      );
  }

  /** How to take back what building it, and putting it into a stack, does after this. */
  saveBuild(): () => void {
    const { builtFor, name, home } = this;
    const made = this.weights.length;
    return () => {
      this.builtFor = builtFor;
      this.weights.length = made;
      this.name = name;
      this.home = home;
    };
  }

  /**
   * A weight of the layer, made with it.
   * @param options `{ name, shape, initializer, regularizer, constraint, trainable }`: initializer by default `'glorotUniform'`, trainable true
   */
  addWeight(options: AddWeightOptions): Weight;
  /** @internal */
  addWeight(name: string, shape: readonly number[], options: WeightOptions): Weight;
  addWeight(given: string | AddWeightOptions, ofShape?: readonly number[], made?: WeightOptions): Weight {
    if (typeof given !== 'string' || !ofShape || !made) return this.#addOwn(given as AddWeightOptions);
    return this.#addWeight(given, ofShape, made);
  }
  #addOwn(given: AddWeightOptions): Weight {
    const o = readOptions<AddWeightOptions>(`${this.label}: addWeight`, given, {
      name: undefined,
      shape: undefined as unknown as readonly number[],
      initializer: 'glorotUniform',
      regularizer: null,
      constraint: null,
      trainable: true,
      dtype: 'float32',
    });
    const shape = checkShape(`${this.label}: addWeight`, 'shape', o.shape);
    if (shape.includes(null))
      throw new ValueError(`${this.label}: addWeight: 'shape' must hold whole numbers. Received: ${show(o.shape)}`, 'ERR_SHAPE');
    return this.#addWeight(o.name ?? `variable_${this.weights.length}`, shape as number[], {
      initializer: this.initializer('initializer', o.initializer),
      regularizer: this.regularizer('regularizer', o.regularizer),
      constraint: this.constraint('constraint', o.constraint),
      trainable: checkBoolean(`${this.label}: addWeight`, 'trainable', o.trainable ?? true),
    });
  }
  #addWeight(name: string, shape: readonly number[], options: WeightOptions): Weight {
    if (this.#probe) {
      const found = this.weights.filter((w) => w.layer === this)[this.#probe.push(String(shape)) - 1];
      if (!found) throw new ValueError(`${this.label} has other weights for other shapes.`, 'ERR_SHAPE');
      return found;
    }
    checkWeightSize(this.label, name, shape);
    takeWeight(this.label, name, shape);
    const weight = withMemory(this.label, name, shape, () => {
      const { trainable, regularizer, constraint, initializer, within } = options;
      const made = new Weight(name, shape, trainable ?? true, this, regularizer ?? null, constraint ?? null, within);
      made.variable.write(initializer.create(shape, nextSeed()));
      return made;
    });
    this.weights.push(weight);
    return weight;
  }

  getWeights(): NDArray[] {
    return this.weights.map((w) => w.read());
  }

  /** @internal Its weights as files hold them. A layer that holds others says which, and under what names. */
  weightGroup(): WeightGroup {
    const own = this.weights.filter((w) => w.layer === this);
    const groups = this.#composition
      ? this.#held().map(([name, layer]): [string, WeightGroup] => [name, layer.weightGroup()])
      : [];
    return this.group(
      own.map((weight) => ({ name: weight.name, weight })),
      groups,
    );
  }
  protected group(weights: WeightGroup['weights'], groups: WeightGroup['groups'] = []): WeightGroup {
    return { name: this.name ?? snake(this.className), className: this.className, weights, groups };
  }

  /** All weights at once, in the order of `getWeights`. Checked as a whole before the first is written. */
  setWeights(values: readonly WeightArray[]): void {
    setAllWeights(this.label, this.weights, values);
  }

  /** What its ops with matrix products are told of their operands. */
  protected get precision(): 'bfloat16' | undefined {
    return this.dtypePolicy === 'mixed_bfloat16' ? 'bfloat16' : undefined;
  }

  /** What it carries from batch to batch starts anew. Only stateful layers carry anything. RuntimeError ERR_BUSY while a model with it is at work. */
  resetStates(): void {
    if (this.#composition) for (const layer of this.sublayers) layer.resetStates();
  }

  countParams(): number {
    return this.weights.reduce((n, w) => n + w.variable.size, 0);
  }

  getConfig(): Config {
    const own: Config = { name: this.name, trainable: this.trainable, dtype: this.dtypePolicy };
    if (this.batchInputShape) own.batchInputShape = [...this.batchInputShape];
    if (this.activityRegularizer) own.activityRegularizer = this.activityRegularizer;
    return { ...own, ...this.config() };
  }

  toJSON(): { className: string; config: Config } {
    return partToJSON(this);
  }

  /** Initializer, regularizer, constraint and activation options resolved: names, instances or configs. */
  protected initializer(option: string, value: unknown): Initializer {
    return initializerRegistry.resolve(value, `${this.className}: '${option}'`);
  }
  protected regularizer(option: string, value: unknown): Regularizer | null {
    return value == null ? null : regularizerRegistry.resolve(value, `${this.className}: '${option}'`);
  }
  protected constraint(option: string, value: unknown): Constraint | null {
    return value == null ? null : constraintRegistry.resolve(value, `${this.className}: '${option}'`);
  }
  protected activation(option: string, value: unknown): Activation {
    return value == null
      ? activationRegistry.resolve('linear')
      : activationRegistry.resolve(value, `${this.className}: '${option}'`);
  }
}
