// Layers of Keras that are none but code in a file. Their configs are never run: a model's JSON may come from anywhere.

const lambda =
  'holds Python code, which is never run: a file must not carry code. Write it as a layer class, ' +
  "registerSerializable('MyLayer', MyLayer), and name that in the config.";
const call =
  'is a call of a TensorFlow function that the file names, which is never made: a file must not carry code. ' +
  'Use the layer that does the same, or write one and make it known by registerSerializable.';

const reasons = new Map([
  ['Lambda', lambda],
  ['ModuleWrapper', lambda],
  ['TFOpLambda', call],
  ['SlicingOpLambda', call],
  ['TensorFlowOpLayer', call],
  ['ClassMethod', call],
  ['InstanceMethod', call],
  ['InstanceProperty', call],
]);

/** Why a layer of this class cannot be made from a config, where it is one of those; with or without its module (`keras.layers>Lambda`). */
export function whyNoCode(className: string): string | undefined {
  return reasons.get(className.replace(/^.*[>.]/, ''));
}
