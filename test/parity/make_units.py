"""Makes the units in test/parity/units that real Keras is asked for, one function a file.

KERAS_BACKEND=jax python test/parity/make_units.py [name ...]   (keras 3.15, jax, numpy)
normalization_adapt needs tensorflow too: without it Keras cannot tell what an iterable is.
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


def activation_layers():
    """Layers in an activation's place: what Keras writes, the bare form that it reads as well, and what it computes."""
    x = np.linspace(-3, 8, 12, dtype="float32").reshape(2, 2, 3)
    made = {
        "leaky": L.LeakyReLU(0.1),
        "leaky_default": L.LeakyReLU(),
        "relu_max": L.ReLU(max_value=6.5),
        "relu_all": L.ReLU(max_value=5, negative_slope=0.25, threshold=0.5),
        "elu": L.ELU(2.0),
        "softmax": L.Softmax(axis=1),
    }
    out = {"x": {"shape": x.shape, "data": x.reshape(-1).tolist()}}
    for name, layer in made.items():
        model = keras.Sequential([L.Input((2, 3)), L.Activation(layer)])
        config = as_json(model)
        activation = config["config"]["layers"][1]["config"]["activation"]
        bare = {k: v for k, v in activation["config"].items() if k not in ("name", "trainable", "dtype")}
        bare = {"module": activation["module"], "class_name": activation["class_name"], "config": bare, "registered_name": None}
        again = L.Activation.from_config({"activation": bare})
        y = np.asarray(model.predict(x, verbose=0))
        assert np.array_equal(y, np.asarray(again(x))), name
        out[name] = {"model": config, "bare": bare, "y": y.reshape(-1).tolist()}
    return out


def numpy_values():
    """Options that are arrays of numpy."""
    layer = L.Rescaling(scale=np.array([0.5, 2.0], "float32"), offset=np.float32(1))
    model = keras.Sequential([L.Input((2,)), layer])
    return {"model": as_json(model), "y": np.asarray(model.predict(np.array([[1, 2], [3, 4]], "float32"), verbose=0)).tolist()}


def softmax_mask():
    """What the layer Softmax says of a mask of time steps. Only where batch, steps and features are alike does it take one."""
    refused = {}
    for axis in (-1, 1):
        model = keras.Sequential([L.Input((3, 2)), L.Masking(), L.Softmax(axis=axis)])
        try:
            model.predict(np.ones((4, 3, 2), "float32"), verbose=0)
        except ValueError as error:
            text = str(error).replace("\x1b[1m", "").replace("\x1b[0m", "")
            refused[f"axis {axis}"] = next(line for line in text.splitlines() if "broadcastable" in line)
    return {"refused": refused}


def normalization_adapt():
    """Normalization adapted to an array and to batches, by axis, and with mean and variance given."""
    draw = lambda seed, *shape: np.random.default_rng(seed).normal(3, 2, shape).round(2).astype("float32")  # noqa: E731
    tensor = lambda a: {"shape": list(np.shape(a)), "data": np.asarray(a, "float32").reshape(-1).tolist()}  # noqa: E731
    x = draw(0, 2, 3, 4)
    out = {"x": tensor(x), "adapted": [], "given": []}
    # Batches of different size, and of different length along axes without a mean of their own.
    sources = {
        "array": [draw(1, 6, 3, 4)],
        "batches": [draw(2, 5, 3, 4), draw(3, 2, 3, 4), draw(4, 1, 3, 4)],
        "lengths": [draw(5, 4, 3, 4), draw(6, 2, 7, 4)],
        "far from 0": [draw(7, 4, 3, 4) + 1000, draw(8, 3, 3, 4) - 1000],
    }
    for name, batches in sources.items():
        for axis in (-1, 1, (1, 2), None) if name != "lengths" else (-1, None):
            for invert in (False, True):
                layer = L.Normalization(axis=axis, invert=invert)
                pairs = name == "batches"
                layer.adapt(batches[0] if len(batches) == 1 else ((b, np.zeros(len(b))) if pairs else b for b in batches))
                y = keras.Sequential([L.Input((3, 4)), layer]).predict(x, verbose=0)
                weights = [{"name": w.name, **tensor(w)} for w in layer.weights]
                out["adapted"].append(
                    {"name": name, "axis": axis, "invert": invert, "batches": [tensor(b) for b in batches], "weights": weights, "y": tensor(y)}
                )
    for axis, mean, variance in [
        (-1, 2.0, 4.0),
        (None, 2.0, 4.0),
        (-1, [1.0, 2.0, 3.0, 4.0], [1.0, 4.0, 9.0, 0.0]),
        ((1, 2), [1.0, 2.0, 3.0, 4.0], [1.0, 4.0, 9.0, 16.0]),
        ((1, 2), [[1.0], [2.0], [3.0]], [[1.0], [4.0], [9.0]]),
    ]:
        model = keras.Sequential([L.Input((3, 4)), L.Normalization(axis=axis, mean=mean, variance=variance)])
        y = model.predict(x, verbose=0)
        out["given"].append({"model": as_json(model), "axis": axis, "mean": mean, "variance": variance, "y": tensor(y)})
    return out


units = {f.__name__: f for f in [code_layers, activation_layers, numpy_values, softmax_mask, normalization_adapt]}

if __name__ == "__main__":
    for name in sys.argv[1:] or units:
        made = {"keras": keras.__version__, **units[name]()}
        with open(os.path.join(here, name + ".json"), "w") as f:
            json.dump(made, f)
            f.write("\n")
