// Where TensorFlow.js trains otherwise than Keras 3, and why. Each has a proof that needs nothing of ours, and the one thing as Keras 3 has it: a model is first
// trained as it is, which must differ, and then with that, which must not. So nothing else hides behind it.

/** How much the gradient of f is off from what f's own values say, by differences. */
function gradientOff(tf, f, shape) {
  const numbers = (size, step, more) => Float32Array.from({ length: size }, (_, i) => Math.sin(i * step + more));
  const xs = numbers(tf.util.sizeFromShape(shape), 1.7, 0);
  const out = f(tf.tensor(xs, shape));
  const weights = tf.tensor(numbers(out.size, 0.9, 1), out.shape);
  const loss = (x) => f(x).mul(weights).sum();
  const gradient = tf.grad(loss)(tf.tensor(xs, shape)).dataSync();
  const moved = (i, by) => loss(tf.tensor(xs.with(i, xs[i] + by), shape)).dataSync()[0];
  return Math.max(...gradient.map((g, i) => Math.abs(g - (moved(i, 0.01) - moved(i, -0.01)) / 0.02)));
}

/** Replaces what computes a gradient, on the processor. Gives the function that takes it back. */
function replaceKernel(tf, name, make) {
  const { kernelFunc, ...rest } = tf.getKernel(name, 'cpu');
  const put = (f) => {
    tf.unregisterKernel(name, 'cpu');
    tf.registerKernel({ ...rest, kernelFunc: f });
  };
  put(make(kernelFunc));
  return () => put(kernelFunc);
}

const normalizations = (model) => model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
const nothing = () => undefined;

const averagePooling = {
  why: "average pooling with padding 'same' divides by the numbers that there are, and its gradient by the whole window",
  proof: (tf) =>
    gradientOff(tf, (x) => tf.avgPool(x, 3, 2, 'same'), [1, 5, 5, 1]) > 0.1 &&
    gradientOff(tf, (x) => tf.avgPool(x, 3, 2, 'valid'), [1, 5, 5, 1]) < 1e-4,
  asKeras3: (_, tf) =>
    replaceKernel(tf, 'AvgPoolGrad', (own) => (given) => {
      const { filterSize, strides, pad } = given.attrs;
      const [height, width] = Array.isArray(filterSize) ? filterSize : [filterSize, filterSize];
      // The mean of ones, with zeros around them counted, is the part of a window that is there.
      const { input, dy } = given.inputs;
      const ones = tf.ones([1, ...input.shape.slice(1, 3), 1]);
      const counts = tf.conv2d(ones, tf.ones([height, width, 1, 1]), strides, pad);
      const scaled = tf.div(tf.engine().makeTensorFromTensorInfo({ ...dy }), counts.div(height * width));
      return own({ ...given, inputs: { input, dy: scaled } });
    }),
};

/** By name of the trial. `asKeras3` gives the function that takes back what it changed for all models. */
export const otherwise = {
  Frozen: {
    why: 'a BatchNormalization that is frozen takes the statistics of its batch when others train, and keeps them',
    proof: (tf) => {
      const layer = tf.layers.batchNormalization({ inputShape: [1], trainable: false });
      const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 1 })] });
      const x = tf.tensor([[1], [5]]);
      return Math.abs(layer.apply(x, { training: true }).sum().dataSync()[0]) < 1e-3 && model.trainableWeights.length === 2;
    },
    asKeras3: (model) => {
      for (const layer of normalizations(model)) {
        const { call } = layer;
        if (!layer.trainable) layer.call = (inputs, kwargs) => call.call(layer, inputs, { ...kwargs, training: false });
      }
      return nothing;
    },
  },
  Conv3DTranspose: {
    why: 'Conv3DTranspose has no gradient',
    proof: (tf) => {
      try {
        tf.grad((x) => tf.conv3dTranspose(x, tf.ones([2, 2, 2, 1, 1]), [1, 2, 2, 2, 1], 1, 'valid'))(tf.ones([1, 1, 1, 1, 1]));
        return false;
      } catch ({ message }) {
        return message.includes('gradient function not found for Conv3DBackpropInputV2');
      }
    },
    asKeras3: (_, tf) => {
      const kernelName = 'Conv3DBackpropInputV2';
      tf.registerGradient({
        kernelName,
        inputsToSave: ['dy', 'filter'],
        gradFunc: (d, [x, filter], { strides, pad }) => ({
          dy: () => tf.conv3d(d, filter, strides, pad),
          filter: () =>
            tf.engine().runKernel('Conv3DBackpropFilterV2', { x: d, dy: x }, { strides, pad, filterShape: filter.shape }),
        }),
      });
      return () => tf.unregisterGradient(kernelName);
    },
  },
  BatchNormalization: {
    why: 'a BatchNormalization without center or scale cannot train',
    proof: (tf) => {
      try {
        tf.layers.batchNormalization({ scale: false, center: false }).apply(tf.ones([2, 1]), { training: true });
        return false;
      } catch ({ message }) {
        return message.includes("reading 'read'");
      }
    },
    asKeras3: (model, tf) => {
      for (const layer of normalizations(model)) {
        layer.gamma ??= { read: () => tf.ones(layer.movingMean.shape) };
        layer.beta ??= { read: () => tf.zeros(layer.movingMean.shape) };
      }
      return nothing;
    },
  },
  UpSampling2D: {
    why: 'the gradient of UpSampling2D reads that of another image of the batch',
    proof: (tf) =>
      gradientOff(tf, (x) => tf.image.resizeNearestNeighbor(x, [4, 6]), [2, 2, 2, 1]) > 0.1 &&
      gradientOff(tf, (x) => tf.image.resizeNearestNeighbor(x, [4, 6]), [1, 2, 2, 1]) < 1e-4,
    asKeras3: (_, tf) =>
      replaceKernel(tf, 'ResizeNearestNeighborGrad', () => ({ inputs: { images, dy } }) => {
        const [batch, height, width, channels] = images.shape;
        const blocks = [batch, height, dy.shape[1] / height, width, dy.shape[2] / width, channels];
        const all = tf.engine().makeTensorFromTensorInfo({ ...dy });
        return all.reshape(blocks).sum([2, 4]);
      }),
  },
  AveragePooling1D: averagePooling,
  AveragePooling2D: averagePooling,
};
