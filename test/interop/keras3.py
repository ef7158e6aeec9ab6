# Keras 3 loads what we saved, predicts, trains on, and saves it again.  KERAS_BACKEND=... python keras3.py DIR TAG [NEWEST]
#   TAG: what its own files are called by
#   NEWEST: the tag of the newest Keras, which has run before. What an older one does not do with the files of the newest either, it need not do with ours.
import json
import os
import sys

import keras
import numpy as np
from common import FOLDER, TOLERANCE, array, cases, check, distance, left, sample, short, write_back, write_results

TAG = sys.argv[2]
BY = f"Keras {keras.__version__} on {keras.backend.backend()}"
os.makedirs(os.path.join(FOLDER, "back"), exist_ok=True)
results, back = [], []
NEWEST = sys.argv[3] if len(sys.argv) > 3 else None
newest = {}
if NEWEST:
    with open(os.path.join(FOLDER, "back", f"{NEWEST}.json")) as file:
        newest = {entry["id"]: entry for entry in json.load(file)}


def of_newest(case, ending):
    """What this Keras makes of the newest one's own file of the same model: 'ok', or what differs."""
    entry = newest[case["id"]]
    name = f"{case['id']}.{NEWEST}.{ending}"
    if name not in entry["files"]:
        return "ok"
    x, y = sample(case)
    model = keras.models.load_model(os.path.join(FOLDER, "back", name))
    if distance(model.predict(x, verbose=0, batch_size=4), array(entry["after"]["predictions"])) > TOLERANCE:
        return "predicts otherwise"
    if ending == "h5" or "next" not in entry["after"]:
        return "ok"
    model.fit(x, y, epochs=1, batch_size=4, shuffle=False, verbose=0)
    off = distance(model.predict(x, verbose=0, batch_size=4), array(entry["after"]["next"]))
    return "ok" if off <= TOLERANCE else "trains otherwise"


def attempt(run):
    try:
        return run()
    except Exception as error:  # Any: it is what the table shows.
        return short(error)


def trial(what, case, run, ending):
    result = attempt(run)
    if result != "ok" and case["id"] in newest:
        own = attempt(lambda: of_newest(case, ending))
        if own != "ok":
            result = f"none: nor the newest Keras's own file: {own}"
    results.append({"what": what, "name": case["name"], "result": result})


def path(case, ending):
    return os.path.join(FOLDER, f"{case['id']}.{ending}")


def whole(case):
    model = keras.models.load_model(path(case, "keras"))
    result = check(model, case, trains=True)
    files = [f"{case['id']}.{TAG}.{e}" for e in ("keras", "h5", "weights.h5")]
    for file in list(files):
        full = os.path.join(FOLDER, "back", file)
        try:
            (model.save_weights if file.endswith("weights.h5") else model.save)(full)
        except ValueError as error:  # Models inside models: Keras 3 does not tell their weights apart in .h5.
            if "name already exists" not in str(error):
                raise
            files.remove(file)
    np.savez(os.path.join(FOLDER, "back", f"{case['id']}.{TAG}.npz"), *model.get_weights())
    files.append(f"{case['id']}.{TAG}.npz")
    back.append({"id": case["id"], "by": BY, "files": files, "after": left(model, case)})
    return result


def legacy(case):
    # Keras 3 itself leaves out what the optimizer kept: its own files lose it likewise.
    return check(keras.models.load_model(path(case, "h5")), case, trains=False)


def weights(case):
    model = keras.models.load_model(path(case, "keras"))
    model.set_weights([w * 0 for w in model.get_weights()])
    model.load_weights(path(case, "weights.h5"))
    return check(model, case, trains=False)


# A curve of Keras 2 that Keras 3 does not have.
UNKNOWN = ("Activation hardSigmoidKeras2", "LSTM, hard sigmoid of Keras 2")
for case in cases():
    if case["name"] in UNKNOWN:
        continue
    trial(f".keras in {BY}", case, lambda: whole(case), "keras")
    if "h5" not in case["refused"]:
        trial(f".h5 in {BY}", case, lambda: legacy(case), "h5")
    trial(f".weights.h5 in {BY}", case, lambda: weights(case), "keras")
    keras.utils.clear_session()
write_results(TAG, results)
write_back(TAG, back)
