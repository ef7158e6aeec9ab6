"""Makes the units in test/parity/units that real Keras is asked for, one function a file.

KERAS_BACKEND=jax python test/parity/make_units.py [name ...]   (keras 3.15, jax, numpy)
"""

import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras  # noqa: E402
import numpy as np  # noqa: E402

L = keras.layers
here = os.path.join(os.path.dirname(__file__), "units")


def as_json(model):
    return json.loads(model.to_json())


def code_layers():
    """Models that carry code, as Keras writes them."""
    keras.config.enable_unsafe_deserialization()
    # Compiled by hand: the byte code names the file it came from.
    twice = eval(compile("lambda x: x * 2", "code", "eval"))
    lambdas = {
        "Lambda": [L.Lambda(twice, name="twice")],
        "TimeDistributed": [L.TimeDistributed(L.Lambda(twice, name="inner"), name="outer")],
    }
    return {name: as_json(keras.Sequential([L.Input((3, 2)), *layers])) for name, layers in lambdas.items()}


units = {f.__name__: f for f in [code_layers]}

if __name__ == "__main__":
    for name in sys.argv[1:] or units:
        with open(os.path.join(here, name + ".json"), "w") as f:
            json.dump({"keras": keras.__version__, **units[name]()}, f)
            f.write("\n")
