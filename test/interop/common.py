# What the sides in Python share.
import json
import os
import sys

import numpy as np

FOLDER = sys.argv[1]
TOLERANCE = 1e-5


def array(stored, dtype=np.float32):
    return np.asarray(stored["data"], dtype=dtype).reshape(stored["shape"])


def stored(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "data": value.astype(float).ravel().tolist()}


def distance(got, right):
    """The largest difference, beside the size of what is right."""
    got, right = np.asarray(got, np.float64), np.asarray(right, np.float64)
    if got.shape != right.shape:
        return float("inf")
    if got.size == 0:
        return 0.0
    off = np.abs(got - right) / np.maximum(1, np.abs(right))
    return float("inf") if np.isnan(off).any() else float(off.max())


def weights_off(model, expected):
    own = model.get_weights()
    if len(own) != len(expected):
        return f"{len(own)} weights, not {len(expected)}"
    off = max([distance(a, array(b)) for a, b in zip(own, expected)], default=0.0)
    return off


def cases():
    with open(os.path.join(FOLDER, "cases.json")) as file:
        return json.load(file)


def sample(case):
    return array(case["x"], np.int32 if case["ids"] else np.float32), array(case["y"])


def short(error):
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:400]}"


def check(model, case, trains):
    """Predictions, weights, and one more epoch, against what our side recorded. 'ok', or what differs."""
    x, y = sample(case)
    off = weights_off(model, case["before"]["weights"])
    if off != 0:
        return f"weights differ: {off}"
    off = distance(model.predict(x, verbose=0, batch_size=4), array(case["before"]["predictions"]))
    if off > TOLERANCE:
        return f"predictions differ by {off:.2e}"
    if not trains or case["random"]:
        return "ok"
    model.fit(x, y, epochs=1, batch_size=4, shuffle=False, verbose=0)
    off = weights_off(model, case["after"]["weights"])
    if not isinstance(off, float) or off > TOLERANCE:
        return f"weights differ after training on: {off}"
    off = distance(model.predict(x, verbose=0, batch_size=4), array(case["after"]["predictions"]))
    return "ok" if off <= TOLERANCE else f"predictions differ after training on by {off:.2e}"


def left(model, case):
    """What a model that was saved has, and what it predicts after one more epoch."""
    x, y = sample(case)
    out = {
        "weights": [stored(w) for w in model.get_weights()],
        "predictions": stored(model.predict(x, verbose=0, batch_size=4)),
    }
    if not case["random"]:
        model.fit(x, y, epochs=1, batch_size=4, shuffle=False, verbose=0)
        out["next"] = stored(model.predict(x, verbose=0, batch_size=4))
    return out


def write_results(name, results):
    with open(os.path.join(FOLDER, f"results.{name}.json"), "w") as file:
        json.dump(results, file)


def write_back(name, entries):
    os.makedirs(os.path.join(FOLDER, "back"), exist_ok=True)
    with open(os.path.join(FOLDER, "back", f"{name}.json"), "w") as file:
        json.dump(entries, file)
