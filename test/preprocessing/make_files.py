"""Makes the .keras files in test/preprocessing/files, with what Keras predicts: models whose first layers take texts and ids.

KERAS_BACKEND=tensorflow python test/preprocessing/make_files.py   (keras 3.15, tensorflow)
python test/preprocessing/make_files.py FOLDER                     holds files that we wrote against predictions.json in that folder
"""

import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

L = keras.layers
here = os.path.join(os.path.dirname(__file__), "files")
TEXTS = ["the cat sat", "the dog ran fast", "a cat"]
X = {
    "text": [["the cat"], ["dog ran nowhere"], [""]],
    "tf_idf": [["the cat cat"], ["dog ran nowhere"], [""]],
    "given": [["b"], ["z"]],
    "ids": [[5, 9], [2**40, 1]],
    "nested": [["cat"], ["a dog"]],
}


def models():
    def text(**options):
        layer = L.TextVectorization(**options)
        layer.adapt(TEXTS)
        return layer

    ids = L.IntegerLookup(output_mode="multi_hot")
    ids.adapt(np.array([[5, 2**40], [7, 9]]))
    word = lambda: keras.Input(shape=(1,), dtype="string")  # noqa: E731
    inner = keras.Sequential([word(), text(max_tokens=20, output_sequence_length=4), L.Embedding(20, 3)])
    return {
        "text": [word(), text(max_tokens=20, output_sequence_length=4), L.Embedding(20, 3), L.Flatten(), L.Dense(1)],
        "tf_idf": [word(), text(output_mode="tf_idf"), L.Dense(1)],
        "given": [word(), L.StringLookup(vocabulary=["a", "b"], output_mode="one_hot"), L.Dense(1)],
        "ids": [keras.Input(shape=(2,), dtype="int64"), ids, L.Dense(1)],
        "nested": [word(), inner, L.Flatten(), L.Dense(1)],
    }


def x_of(name):
    return np.array(X[name]) if name == "ids" else tf.constant(X[name])


if len(sys.argv) > 1:
    for name, y in json.load(open(os.path.join(sys.argv[1], "predictions.json"))).items():
        model = keras.models.load_model(os.path.join(sys.argv[1], name + ".keras"))
        off = np.abs(model.predict(x_of(name), verbose=0) - np.array(y)).max()
        print(name, "ok" if off < 1e-5 else f"off by {off}")
else:
    expected = {}
    for name, layers in models().items():
        model = keras.Sequential(layers)
        model.save(os.path.join(here, name + ".keras"))
        expected[name] = {"x": X[name], "y": model.predict(x_of(name), verbose=0).tolist()}
    with open(os.path.join(here, "expected.json"), "w") as f:
        json.dump(expected, f)
        f.write("\n")
