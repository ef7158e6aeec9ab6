# Keras 3's model.fit; KERAS_BACKEND chooses TensorFlow or JAX.
import re
import time

from common import BEGAN, LAYERS, MANIFEST, begin_growth, data, enough, report, weights

import keras

imported = time.perf_counter() - BEGAN
CLASSES = {
    "dense": "Dense", "conv1d": "Conv1D", "conv2d": "Conv2D", "depthwiseConv2d": "DepthwiseConv2D", "maxPooling1d": "MaxPooling1D",
    "maxPooling2d": "MaxPooling2D", "globalAveragePooling1d": "GlobalAveragePooling1D", "globalAveragePooling2d": "GlobalAveragePooling2D",
    "batchNormalization": "BatchNormalization", "activation": "Activation", "flatten": "Flatten", "embedding": "Embedding", "lstm": "LSTM",
    "gru": "GRU",
}


def layer(name, options):
    snake = lambda key: re.sub("[A-Z]", lambda c: "_" + c[0].lower(), key)
    return getattr(keras.layers, CLASSES[name])(**{snake(key): value for key, value in options.items()})


start = time.perf_counter()
x, y = data()
loading = time.perf_counter() - start
begin_growth()
model = keras.Sequential([keras.Input(MANIFEST["x"]["shape"][1:]), *[layer(*each) for each in LAYERS]])
model.compile(optimizer="adam", loss=MANIFEST["loss"], metrics=["accuracy"] if "crossentropy" in MANIFEST["loss"] else [])
model.set_weights([w for layer in weights() for w in layer])
check = model.fit(x, y, batch_size=MANIFEST["batchSize"], epochs=1, shuffle=False, verbose=0)
first = time.perf_counter() - BEGAN - loading


class Clock(keras.callbacks.Callback):
    times = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.times.append(time.perf_counter() - self.start)
        if enough(self.times):
            self.model.stop_training = True


model.fit(x, y, batch_size=MANIFEST["batchSize"], epochs=1000, verbose=0, callbacks=[Clock()])
backend = keras.backend.backend()
module = __import__(backend)
report(check.history["loss"][0], Clock.times, imported, first, f"Keras {keras.__version__}, {backend} {module.__version__}")
