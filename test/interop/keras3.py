# Keras 3 loads what we saved, predicts, trains on, and saves it again.  python keras3.py DIR
import os

import keras
import numpy as np
from common import FOLDER, array, cases, check, distance, sample, short, stored, write_back, write_results
from safetensors.numpy import load_file

os.makedirs(os.path.join(FOLDER, "back"), exist_ok=True)
results, back = [], []


def trial(what, case, run):
    try:
        result = run()
    except Exception as error:  # Any: it is what the table shows.
        result = short(error)
    results.append({"what": what, "name": case["name"], "result": result})


def path(case, ending):
    return os.path.join(FOLDER, f"{case['id']}.{ending}")


def whole(case):
    model = keras.models.load_model(path(case, "keras"))
    result = check(model, case, trains=True)
    x, _ = sample(case)
    files = [f"{case['id']}.k3.{e}" for e in ("keras", "h5", "weights.h5")]
    for file in list(files):
        full = os.path.join(FOLDER, "back", file)
        try:
            (model.save_weights if file.endswith("weights.h5") else model.save)(full)
        except ValueError as error:  # Models inside models: Keras 3 does not tell their weights apart in .h5.
            if "name already exists" not in str(error):
                raise
            files.remove(file)
    np.savez(os.path.join(FOLDER, "back", f"{case['id']}.k3.npz"), *model.get_weights())
    files.append(f"{case['id']}.k3.npz")
    after = {
        "weights": [stored(w) for w in model.get_weights()],
        "predictions": stored(model.predict(x, verbose=0, batch_size=4)),
    }
    back.append({"id": case["id"], "by": "Keras 3", "files": files, "after": after})
    return result


def legacy(case):
    # Keras 3 itself leaves out what the optimizer kept: its own files lose it likewise.
    return check(keras.models.load_model(path(case, "h5")), case, trains=False)


def weights(case):
    model = keras.models.load_model(path(case, "keras"))
    model.set_weights([w * 0 for w in model.get_weights()])
    model.load_weights(path(case, "weights.h5"))
    return check(model, case, trains=False)


def same_arrays(case, arrays):
    """By path: those that our side lists, whatever their order."""
    rights = sorted((tuple(w["shape"]), array(w).tobytes()) for w in case["before"]["weights"])
    gots = sorted((v.shape, np.asarray(v, np.float32).tobytes()) for v in arrays.values())
    return "ok" if set(rights) == set(gots) else "other arrays"  # Keras lists a normalized kernel twice.


# A curve of Keras 2 that Keras 3 does not have.
UNKNOWN = ("Activation hardSigmoidKeras2", "LSTM, hard sigmoid of Keras 2")
for case in cases():
    if case["name"] in UNKNOWN:
        continue
    trial(".keras in Keras 3", case, lambda: whole(case))
    if "h5" not in case["refused"]:
        trial(".h5 in Keras 3", case, lambda: legacy(case))
    trial(".weights.h5 in Keras 3", case, lambda: weights(case))
    trial(".safetensors in safetensors", case, lambda: same_arrays(case, load_file(path(case, "safetensors"))))
    trial(".npz in NumPy", case, lambda: same_arrays(case, dict(np.load(path(case, "npz")))))
    keras.utils.clear_session()
write_results("keras3", results)
write_back("keras3", back)
