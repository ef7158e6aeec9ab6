import { coreOf } from '../faces.js';
import { cloneLayer } from '../layers/clone.js';
import { InputLayer } from '../layers/core.js';
import { setAllWeights } from '../layers/set_weights.js';
import type { Model, NewModel } from './model.js';

/**
 * A model of the same layers with weights of its own, compiled likewise with an optimizer that has done no updates.
 * @param withWeights whether it begins with the weights of this one; else they are drawn anew
 */
export function cloneModel(model: Model, newModel: NewModel, withWeights: boolean): Model {
  const copy = newModel({ name: model.name, trainable: model.trainable });
  copy.autoNamed = model.autoNamed;
  copy.dialect = model.dialect;
  const { input } = model;
  if (input) copy.add(new InputLayer({ shape: input.shape, name: input.name, source: input.source }));
  const cloneInner = (inner: { readonly face: object }) => cloneModel(coreOf<Model>(inner.face) as Model, newModel, withWeights);
  for (const layer of model.layers) copy.add(cloneLayer(layer, cloneInner));
  if (model.built) copy.buildFor(model.shapes().inputShape);
  if (withWeights) setAllWeights('the copy', copy.weights, model.getWeights());
  const compilation = model.compilationOrNull;
  if (compilation) copy.compile({ ...compilation.options, optimizer: compilation.optimizer.clone() });
  return copy;
}
