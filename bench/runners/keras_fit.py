# Keras 3's model.fit; KERAS_BACKEND chooses TensorFlow or JAX.
import time

from common import MANIFEST, BEGAN, data, enough, report, weights

import keras

imported = time.perf_counter() - BEGAN
L = keras.layers


def build():
    d = MANIFEST["data"]
    if MANIFEST["kind"] == "mlp":
        units = MANIFEST["units"]
        last = "sigmoid" if units[-1] == 1 else "softmax"
        return [keras.Input((d["features"],)), *[L.Dense(u, activation="relu") for u in units[:-1]], L.Dense(units[-1], activation=last)]
    if MANIFEST["kind"] == "cnn":
        return [keras.Input(d["shape"]), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2), L.Conv2D(64, 3, activation="relu"),
                L.MaxPooling2D(2), L.Flatten(), L.Dense(128, activation="relu"), L.Dense(10, activation="softmax")]
    if MANIFEST["kind"] == "lstm":
        return [keras.Input((d["steps"], d["features"])), L.LSTM(64), L.Dense(1)]
    return [keras.Input((d["steps"],)), L.Embedding(d["vocabulary"], 64), L.GlobalAveragePooling1D(), L.Dense(16, activation="relu"),
            L.Dense(1, activation="sigmoid")]


start = time.perf_counter()
x, y = data()
loading = time.perf_counter() - start
model = keras.Sequential(build())
model.compile(optimizer="adam", loss=MANIFEST["loss"], metrics=["accuracy"] if "crossentropy" in MANIFEST["loss"] else [])
model.set_weights(weights())
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
