"""Makes the units in test/parity/units that real Keras is asked for, one function a file.

KERAS_BACKEND=jax python test/parity/make_units.py [name ...]   (keras 3.15, jax, numpy)
normalization_adapt needs tensorflow too: without it Keras cannot tell what an iterable is. preprocessing, images and feature_space run on it: KERAS_BACKEND=tensorflow.
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


def _made(layer):
    """The layer's config, without what differs by run."""
    config = {k: v for k, v in layer.get_config().items() if k not in ("name", "trainable", "dtype", "vocabulary_size")}
    return {"class_name": type(layer).__name__, "config": json.loads(json.dumps(config, default=int))}


def _output(y):
    a = np.asarray(y)
    flat = a.reshape(-1).tolist()
    if a.dtype == object:
        flat = [v.decode() if isinstance(v, bytes) else v for v in flat]
    return {"shape": list(a.shape), "data": flat}


def _case(layer, x, adapt=None):
    """What a layer, adapted or not, makes of x; batches are adapted to one after the other."""
    made = _made(layer)
    if adapt is not None:
        layer.adapt(iter([np.array(b) for b in adapt["batches"]]) if "batches" in adapt else np.array(adapt["array"]))
    y = layer([np.array(c) for c in x]) if isinstance(layer, L.HashedCrossing) else layer(np.array(x))
    out = {**made, "adapt": adapt, "x": x, "y": _output(y)}
    if hasattr(layer, "get_vocabulary"):
        out["vocabulary"] = [v if isinstance(v, str) else int(v) for v in layer.get_vocabulary()]
        out["withoutSpecials"] = [v if isinstance(v, str) else int(v) for v in layer.get_vocabulary(include_special_tokens=False)]
        out["size"] = layer.vocabulary_size()
    lookup = getattr(layer, "_lookup_layer", layer)
    if getattr(lookup, "output_mode", "") == "tf_idf":
        out["idf"] = [float(v) for v in lookup.idf_weights.numpy()]
    if isinstance(layer, L.Discretization):
        out["boundaries"] = [float(v) for v in layer.bin_boundaries]
    return out


def preprocessing():
    """Layers of texts, ids and bins, by themselves, on TensorFlow."""
    words = [["a", "b", "b"], ["c", "ü", "b"], ["", "Z", "c"], ["\U0001f600", "\uffee", "zz"]]
    texts = ["The cat sat, the dog ran.", "  a CAT\t(a dog)! ", "É\u00c9 na\u00efve\u2003x 'quoted'", "", "dog-dog dog_dog 3.5%"]
    ids = [[5, 7, 7], [-3, 2**40, 7], [0, 5, 12]]
    cases = []
    add = lambda *args, **more: cases.append(_case(*args, **more))  # noqa: E731
    for mode in ("int", "one_hot", "multi_hot", "count", "tf_idf"):
        for mask in (None, ""):
            for most, pad in ((None, False), (5, False), (12, True)):
                options = {"output_mode": mode, "mask_token": mask, "max_tokens": most, "pad_to_max_tokens": pad}
                add(L.StringLookup(**options), [["b", "nope", ""], ["zz", "c", "b"]], {"array": words})
        add(L.StringLookup(output_mode=mode, num_oov_indices=3), [["b", "nope", ""], ["q", "c", "b"]], {"batches": [words, words[:1]]})
        add(L.StringLookup(output_mode=mode), [["b"], ["nope"]], {"array": ["a", "b", "b"]})
        add(L.IntegerLookup(output_mode=mode, mask_token=0), [[7, 0, 99], [5, 2**40, -3]], {"array": ids})
        add(L.IntegerLookup(output_mode=mode, num_oov_indices=2, max_tokens=4), [[7, 0, 99], [5, 2**40, -4]], {"batches": [ids, ids[:2]]})
        add(L.TextVectorization(output_mode=mode), texts, {"array": texts}) if mode != "one_hot" else None
    for method, salt in (("floormod", None), ("farmhash", None), ("farmhash", 7), ("farmhash", [3, 99])):
        layer = L.IntegerLookup(vocabulary=[1, 2], num_oov_indices=5, oov_method=method, salt=salt)
        add(layer, [[1, 3, -8, 2**50, 2, 777]])
    for salt in (None, 5, [2**40, 17]):
        add(L.StringLookup(vocabulary=["a", "b"], num_oov_indices=4, salt=salt), [["a", "x", "", "long" * 9, "ünïcödé"]])
    add(L.StringLookup(vocabulary=["[UNK]", "a", "b"]), [["a", "[UNK]", "q"]])
    add(L.StringLookup(vocabulary=["", "[UNK]", "a", "b"], mask_token=""), [["a", "[UNK]", ""]])
    add(L.StringLookup(vocabulary=["a", "b"], num_oov_indices=0), [["a", "b"]])
    add(L.StringLookup(vocabulary=["a", "b"], invert=True, mask_token=""), [[0, 1, 2, 3, 9]])
    add(L.IntegerLookup(vocabulary=[10, 20], invert=True), [[0, 1, 2, 9]])
    add(L.StringLookup(vocabulary=["a", "b"], output_mode="tf_idf", idf_weights=[0.5, 2.0]), [["a", "b", "b", "q"]])
    for options in (
        {"output_sequence_length": 3},
        {"max_tokens": 6},
        {"standardize": None},
        {"standardize": "lower"},
        {"standardize": "strip_punctuation"},
        {"split": "character"},
        {"ngrams": 2},
        {"ngrams": (1, 3), "output_mode": "count"},
        {"ngrams": (2,), "output_sequence_length": 4},
        {"output_mode": "tf_idf", "max_tokens": 20, "pad_to_max_tokens": True},
        {"output_mode": "multi_hot", "max_tokens": 4},
    ):
        add(L.TextVectorization(**options), texts, {"array": texts})
        add(L.TextVectorization(**options), [[t] for t in texts], {"batches": [[[t] for t in texts], [[texts[0]]]]})
    add(L.TextVectorization(split=None, standardize="lower", output_sequence_length=2), [["A", "b", "q"]], {"array": [["a", "B", "b"]]})
    add(L.TextVectorization(vocabulary=["cat", "dog"]), texts)
    lengths = [["x" * n for n in range(0, 140, 7)]]
    for options in ({}, {"salt": 133}, {"salt": [133, 137]}, {"mask_value": ""}, {"output_mode": "multi_hot"}, {"output_mode": "count"}):
        add(L.Hashing(num_bins=11, **options), lengths)
    add(L.Hashing(num_bins=1), [["a", "b"]])
    add(L.Hashing(num_bins=9, mask_value=5), ids)
    add(L.Hashing(num_bins=9, output_mode="one_hot"), [["a"], ["b"]])
    add(L.Hashing(num_bins=9, output_mode="one_hot"), [["a", "c"], ["b", "c"]])
    add(L.HashedCrossing(num_bins=1000), [["A", "B", "A", ""], [101, -1, 2**40, 0]])
    add(L.HashedCrossing(num_bins=7, output_mode="one_hot"), [[["A"], ["B"]], [["x"], ["y"]], [[1], [2]]])
    for mode in ("one_hot", "multi_hot", "count"):
        add(L.CategoryEncoding(num_tokens=4, output_mode=mode), [[0, 3, 3], [1, 2, 9]])
        add(L.CategoryEncoding(num_tokens=4, output_mode=mode), [[1], [3]])
    numbers = np.random.default_rng(3).normal(0, 2, (130, 2)).round(3).astype("float32")
    for options in ({"num_bins": 5}, {"num_bins": 4, "epsilon": 0.1}, {"num_bins": 3, "output_mode": "count"}, {"num_bins": 30}):
        add(L.Discretization(**options), [[-3.0, 0.1], [2.5, 0.9]], {"array": numbers.tolist()})
        add(L.Discretization(**options), [[-3.0, 0.1], [2.5, 0.9]], {"batches": [numbers[:60].tolist(), numbers[60:].tolist()]})
    for mode in ("int", "one_hot", "multi_hot", "count"):
        add(L.Discretization(bin_boundaries=[0.0, 1.0, 2.5], output_mode=mode), [[-1.0, 0.0, 9.0], [2.5, 1.0, 0.999]])
        add(L.Discretization(bin_boundaries=[0.0, 1.0, 2.5], output_mode=mode), [[-1.0], [2.5]])
    return {"cases": cases}


def images():
    """Layers that resize images, and those that change them at random where a range leaves no choice, as they train; on TensorFlow."""
    draw = lambda *shape: np.random.default_rng(5).uniform(0, 255, shape).round(1).astype("float32")  # noqa: E731
    cases = []

    def add(layer, x, training=False):
        y = np.asarray(layer(x, training=training))
        cases.append({**_made(layer), "training": training, "x": {"shape": list(x.shape), "data": [float(str(v)) for v in x.reshape(-1)]},
                      "y": {"shape": list(y.shape), "data": [float(str(v)) for v in y.reshape(-1)]}})

    x = draw(2, 5, 7, 2)
    for interpolation in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"):
        for size in ((3, 4), (8, 5)):
            add(L.Resizing(*size, interpolation=interpolation), x)
            if interpolation != "nearest":
                add(L.Resizing(*size, interpolation=interpolation, antialias=True), x)
    for size in ((4, 4), (3, 9), (10, 2)):
        add(L.Resizing(*size, crop_to_aspect_ratio=True), x)
        add(L.Resizing(*size, pad_to_aspect_ratio=True, fill_value=7.0), x)
        add(L.CenterCrop(*size), x)
    add(L.CenterCrop(2, 3), x)
    add(L.Resizing(3, 4, data_format="channels_first"), draw(2, 2, 5, 6))
    add(L.CenterCrop(3, 4, data_format="channels_first"), draw(2, 2, 5, 6))
    for fill in ("reflect", "wrap", "constant", "nearest"):
        for interpolation in ("bilinear", "nearest"):
            how = {"fill_mode": fill, "interpolation": interpolation, "fill_value": 9.0}
            add(L.RandomRotation([0.07, 0.07], **how), x, True)
            add(L.RandomZoom([0.3, 0.3], [-0.4, -0.4], **how), x, True)
            add(L.RandomTranslation([0.31, 0.31], [-0.17, -0.17], **how), x, True)
    add(L.RandomRotation([0.3, 0.3], data_format="channels_first"), draw(2, 2, 5, 6), True)
    add(L.RandomZoom([0.5, 0.5]), x, True)
    add(L.RandomBrightness([0.3, 0.3]), x, True)
    add(L.RandomBrightness([-0.2, -0.2], value_range=(10, 200)), x, True)
    add(L.RandomErasing([0, 0]), x, True)
    add(L.RandomErasing([1, 1], scale=[1, 1], fill_value=[9.0]*3), draw(2, 4, 3, 3), True)
    add(L.RandomErasing([1, 1], scale=[1, 1], fill_value=300), x, True)
    add(L.RandomContrast([0.0, 0.0], value_range=(50, 200)), x, True)
    add(L.RandomCrop(4, 7), x, True)
    return {"cases": cases}


def feature_space():
    """keras.utils.FeatureSpace on TensorFlow."""
    space = keras.utils.FeatureSpace
    r = np.random.default_rng(11)
    n = 90
    columns = {
        "age": r.normal(40, 12, n).round(1).tolist(),
        "Income": r.uniform(0, 9, n).round(2).tolist(),
        "city": [["Oslo", "Bergen", "Åre", "b", "Z"][i] for i in r.integers(0, 5, n) ** 2 % 5],
        "code": [int(i) for i in r.integers(-2, 4, n)],
        "zip": [f"{i:04d}" for i in r.integers(0, 50, n)],
    }
    new = {"age": [12.5, 77.0, 40.1], "Income": [0.0, 4.4, 20.0], "city": ["Oslo", "nowhere", "Åre"], "code": [3, 99, -2], "zip": ["0007", "", "0049"]}
    kinds = {"age": "float_normalized", "Income": "float_discretized", "city": "string_categorical", "code": "integer_categorical", "zip": "string_hashed"}
    variants = {
        "concat": ({**kinds}, {"crosses": [("city", "code"), ("Income", "zip")], "crossing_dim": 12, "num_discretization_bins": 4}),
        "plain": ({"age": "float", "Income": "float_rescaled", "code": "integer_hashed"}, {"hashing_dim": 7}),
        "dict": ({**kinds, "age": "float_discretized"}, {"output_mode": "dict", "crosses": [("zip", "code")]}),
    }
    out = {"columns": columns, "new": new, "variants": []}
    for name, (features, options) in variants.items():
        layer = space(features, **options)
        layer.adapt({k: v for k, v in columns.items() if k in features})
        y = layer({k: np.array(v) for k, v in new.items() if k in features})
        made = {k: _output(v) for k, v in y.items()} if isinstance(y, dict) else _output(y)
        out["variants"].append({"name": name, "features": features, "options": options, "y": made})
    return out


units = {f.__name__: f for f in [code_layers, activation_layers, numpy_values, softmax_mask, normalization_adapt, preprocessing, images, feature_space]}

if __name__ == "__main__":
    for name in sys.argv[1:] or units:
        made = {"keras": keras.__version__, **units[name]()}
        with open(os.path.join(here, name + ".json"), "w") as f:
            json.dump(made, f)
            f.write("\n")
