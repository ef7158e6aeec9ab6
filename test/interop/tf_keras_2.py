# tf-keras (Keras 2) loads what we saved, predicts, trains on, and saves it again.  python tf_keras_2.py DIR
import os

import tf_keras
from common import FOLDER, cases, check, sample, short, stored, write_back, write_results

os.makedirs(os.path.join(FOLDER, "back"), exist_ok=True)
# What Keras 2 does not have: layers, activations (its hard_sigmoid is another curve), options of optimizers.
UNKNOWN = ("Adaptive", "RMSNormalization", "SpectralNormalization")
UNKNOWN += tuple(
    f"Activation {name}"
    for name in (
        *("celu", "glu", "hardShrink", "hardSilu", "hardSwish", "hardTanh", "logSigmoid", "softShrink"),
        *("sparsePlus", "sparseSigmoid", "sparsemax", "squareplus", "tanhShrink"),
    )
)
UNKNOWN_EXACTLY = ("Activation hardSigmoid", "LSTM, hard sigmoid of Keras 3")
UNKNOWN_EXACTLY += ("optimizer Adam, accumulation", "optimizer Adam, loss scale")
# Where Keras 2 itself trains otherwise: its normalization of images takes another variance along, and its Nadam forgets a number when saved.
TRAINS_OTHERWISE = ("BatchNormalization", "a model in TimeDistributed", "optimizer Nadam")
results, back = [], []
for case in cases():
    if "h5" in case["refused"] or case["name"].startswith(UNKNOWN) or case["name"] in UNKNOWN_EXACTLY:
        continue
    try:
        model = tf_keras.models.load_model(os.path.join(FOLDER, f"{case['id']}.h5"))
        result = check(model, case, trains=case["name"] not in TRAINS_OTHERWISE)
        x, _ = sample(case)
        files = [f"{case['id']}.tfk.{e}" for e in ("h5", "keras", "weights.h5")]
        for file in list(files):
            full = os.path.join(FOLDER, "back", file)
            try:
                (model.save_weights if file.endswith("weights.h5") else model.save)(full)
            except ValueError as error:  # Models inside models: it does not tell their weights apart in .h5.
                if "name already exists" not in str(error):
                    raise
                files.remove(file)
        after = {
            "weights": [stored(w) for w in model.get_weights()],
            "predictions": stored(model.predict(x, verbose=0, batch_size=4)),
        }
        back.append({"id": case["id"], "by": "tf-keras", "files": files, "after": after})
    except Exception as error:  # Any: it is what the table shows.
        result = short(error)
    results.append({"what": ".h5 in tf-keras", "name": case["name"], "result": result})
    tf_keras.backend.clear_session()
write_results("tf_keras", results)
write_back("tf_keras", back)
