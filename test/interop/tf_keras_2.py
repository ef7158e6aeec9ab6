# tf-keras (Keras 2) loads what we saved, predicts, trains on, and saves it again.  python tf_keras_2.py DIR
import os

import tensorflow as tf
import tf_keras
from common import FOLDER, cases, check, left, short, write_back, write_results

os.makedirs(os.path.join(FOLDER, "back"), exist_ok=True)
BY = f"tf-keras {tf_keras.__version__}"
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


# Where Keras 2 trains otherwise than Keras 3. Each is first trained as it is, which must differ, and then with that one thing as Keras 3 has it, which must not:
# so that nothing else hides behind it.
def without_fused(model):
    """The fused kernel keeps n / (n - 1) times the variance of a batch of images as moving variance."""
    for layer in model.layers:
        if isinstance(layer, tf_keras.layers.BatchNormalization):
            layer.fused = False


def step_by_step(model):
    """All steps are one batch for the layer inside: one moving average a batch, not one a step. And a model inside is called twice: `Sequential.compute_mask`, which
    asks it for its mask, calls its layers again, and a BatchNormalization counts that batch too."""
    for layer in model.layers:
        if isinstance(layer, tf_keras.layers.TimeDistributed):
            inner = layer.layer
            layer.call = lambda inputs, training=None, mask=None, inner=inner: tf.stack(
                [inner(inputs[:, t], training=training) for t in range(inputs.shape[1])], axis=1
            )
            layer.compute_mask = lambda inputs, mask=None: None


def with_product(model):
    """Nadam's product of momenta is in no file, and in a graph it is multiplied once a weight instead of once a step: its counter is a number of Python."""
    optimizer, product = model.optimizer, 1.0
    done = int(optimizer.iterations)
    for t in range(1, done + 1):
        product *= optimizer.beta_1 * (1 - 0.5 * 0.96**t)
    optimizer._u_product.assign(product)
    optimizer._u_product_counter = done + 1
    model.run_eagerly = True


OTHERWISE = {
    "BatchNormalization": without_fused,
    "a model in TimeDistributed": step_by_step,
    "optimizer Nadam": with_product,
}


def load(case):
    return tf_keras.models.load_model(os.path.join(FOLDER, f"{case['id']}.h5"))


def trial(case):
    as_keras_3 = OTHERWISE.get(case["name"])
    if as_keras_3 is None:
        model = load(case)
        return check(model, case, trains=True), model
    raw = check(load(case), case, trains=True)
    print(f"{case['name']}, as it is: {raw}")
    model = load(case)
    if "differ after training on" not in raw:
        return f"should differ, see {as_keras_3.__name__}: {raw}", model
    as_keras_3(model)
    result = check(model, case, trains=True)
    return result, load(case)


def save(case, model):
    files = [f"{case['id']}.tfk.{e}" for e in ("h5", "keras", "weights.h5")]
    for file in list(files):
        full = os.path.join(FOLDER, "back", file)
        try:
            (model.save_weights if file.endswith("weights.h5") else model.save)(full)
        except ValueError as error:  # Models inside models: it does not tell their weights apart in .h5.
            if "name already exists" not in str(error):
                raise
            files.remove(file)
    return files


results, back = [], []
for case in cases():
    if case["name"].startswith(UNKNOWN) or case["name"] in UNKNOWN_EXACTLY:
        result = "none: Keras 2 does not have it"
    elif "h5" in case["refused"]:
        result = case["refused"]["h5"]
    else:
        try:
            result, model = trial(case)
            back.append({"id": case["id"], "by": BY, "files": save(case, model), "after": left(model, case)})
        except Exception as error:  # Any: it is what the table shows.
            result = short(error)
    results.append({"what": f".h5 in {BY}", "name": case["name"], "result": result})
    tf_keras.backend.clear_session()
write_results("tf_keras", results)
write_back("tf_keras", back)
