"""Makes some of the trainings in test/parity/cases, one function a case, by running real Keras 3.

KERAS_BACKEND=jax python test/parity/make_cases.py [name ...]   (keras 3.15, jax, numpy)
KERAS_BACKEND=tensorflow for those that only TensorFlow computes as Keras means it: a loss that goes back to the logits.
"""

import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras  # noqa: E402
import numpy as np  # noqa: E402

L = keras.layers
here = os.path.join(os.path.dirname(__file__), "cases")


def tensor(a):
    a = np.asarray(a)
    dtype = "float32" if a.dtype == np.float32 else "int32"
    numbers = [float(str(v)) for v in a.reshape(-1)] if dtype == "float32" else [int(v) for v in a.reshape(-1)]
    return {"shape": list(a.shape), "dtype": dtype, "data": numbers}


def draw(seed, *shape):
    """Numbers of few digits."""
    return np.round(np.random.default_rng(seed).normal(0, 0.7, shape), 3).astype("float32")


def case(name, note, layers, x, y, loss="mse", optimizer=None, metrics=None, sample_weight=None, batch_size=4, epochs=2, scale=1):
    model = keras.Sequential([L.Input(x.shape[1:]), *layers])
    weights = []
    for i, w in enumerate(model.weights):
        value = draw(100 + i, *w.shape) * np.float32(scale)
        if "variance" in w.name:
            value = np.abs(value) + np.float32(0.5)
        w.assign(value if w.dtype == "float32" else np.zeros(w.shape, w.dtype))
        weights.append({"name": w.path, **tensor(keras.ops.convert_to_numpy(w).astype("float32"))})
    for layer in model.layers:
        if isinstance(layer, L.Normalization):
            layer.finalize_state()
    optimizer = optimizer or {"class_name": "SGD", "config": {"learning_rate": 0.1}}
    model.compile(
        optimizer=keras.optimizers.deserialize(json.loads(json.dumps(optimizer))),
        loss=loss,
        metrics=metrics,
        auto_scale_loss=False,
    )
    config = json.loads(model.to_json())
    # Files of the other cases have no compile_config but for what `compile` says.
    config.pop("compile_config", None)
    predict = lambda: tensor(model.predict(x, verbose=0))  # noqa: E731
    before = predict()
    fit = {"batch_size": batch_size, "epochs": epochs, "shuffle": False}
    history = model.fit(x, y, sample_weight=sample_weight, verbose=0, **fit)
    result = model.evaluate(x, y, sample_weight=sample_weight, batch_size=batch_size, verbose=0, return_dict=True)
    number = lambda v: float(str(np.float32(v)))  # noqa: E731
    data = {"x": tensor(x), "y": tensor(y)}
    evaluate_args = {"batch_size": batch_size}
    if sample_weight is not None:
        data["sample_weight"] = tensor(sample_weight)
        evaluate_args["sample_weight"] = True
    return {
        "name": name,
        "oracle": f"keras {keras.__version__} on {keras.backend.backend()}",
        "agreesAcrossVersions": False,
        "note": note,
        "modelConfig": config,
        "initialWeights": weights,
        "compile": {"optimizer": optimizer, "loss": loss, "metrics": metrics, "weighted_metrics": None},
        "mode": "fit",
        "fit": fit,
        "xAs": "array",
        "yAs": "array",
        "evaluateArgs": evaluate_args,
        "predictArgs": {},
        "data": data,
        "initialPredictions": before,
        "expected": {
            # Keras sorts the keys; the cases have them as compiled.
            "history": {k: [number(v) for v in history.history[k]] for k in ["loss", *(metrics or [])]},
            "epoch": history.epoch,
            "params": {"epochs": epochs, "steps": -(-len(x) // batch_size)},
            "finalWeights": [tensor(keras.ops.convert_to_numpy(w).astype("float32")) for w in model.weights],
            "predictions": predict(),
            "evaluate": {k: number(v) for k, v in result.items()},
            "iterations": int(model.optimizer.iterations),
        },
        "tolerance": {k: 5e-6 for k in ["history", "weights", "predictions", "initialPredictions", "evaluate"]},
    }


def layer_conv1d_glu():
    """The activation halves the channels that Keras's own shape rule still counts in full."""
    layers = [L.Conv1D(6, 3, padding="same", activation="glu"), L.GlobalAveragePooling1D()]
    return layers, draw(1, 10, 5, 2), draw(2, 10, 3)


def layer_conv2d_glu_channels_first():
    """Along the last axis, which is the width here."""
    layers = [L.Conv2D(3, 2, data_format="channels_first", activation="glu"), L.Flatten()]
    return layers, draw(3, 8, 2, 4, 5), draw(4, 8, 18)


def layer_conv2d_transpose_glu():
    """As for the other convolutions."""
    layers = [L.Conv2DTranspose(4, 2, strides=2, activation="glu"), L.GlobalMaxPooling2D()]
    return layers, draw(5, 8, 2, 3, 2), draw(6, 8, 2)


def layer_separable_conv1d_glu():
    """As for the other convolutions."""
    layers = [L.SeparableConv1D(4, 2, depth_multiplier=2, activation="glu"), L.GlobalAveragePooling1D()]
    return layers, draw(7, 8, 5, 3), draw(8, 8, 2)


def layer_depthwise_conv2d_glu():
    """As for the other convolutions."""
    layers = [L.DepthwiseConv2D(2, depth_multiplier=2, activation="glu"), L.GlobalAveragePooling2D()]
    return layers, draw(9, 8, 4, 3, 2), draw(10, 8, 2)


def layer_normalization():
    """Its mean, variance and count are weights that no training changes."""
    return [L.Normalization(axis=-1), L.Dense(3, activation="tanh"), L.Dense(1)], draw(11, 10, 4), draw(12, 10, 1)


def layer_normalization_invert():
    """Back to the original scale at the end; two axes."""
    return [L.Dense(2), L.Normalization(axis=(1, 2), invert=True)], draw(13, 8, 3, 4), draw(14, 8, 3, 2)


def layer_time_distributed_batch_normalization():
    """Each step has its own statistics, and the moving ones follow the steps in turn."""
    layers = [L.Dense(3), L.TimeDistributed(L.BatchNormalization(momentum=0.7)), L.Flatten(), L.Dense(2)]
    return layers, draw(31, 10, 4, 2), draw(32, 10, 2), {"epochs": 3}


def layer_time_distributed_batch_normalization_mask():
    """The layer sees the part of the mask that belongs to the step."""
    x = draw(33, 10, 4, 3)
    x[1, 2:] = x[3, :] = x[4, 1] = x[:4, 3] = 0
    layers = [L.Masking(), L.Dense(3), L.TimeDistributed(L.BatchNormalization(momentum=0.7)), L.Dense(2)]
    return layers, x, draw(34, 10, 4, 2), {"epochs": 3}


def layer_time_distributed_batch_normalization_images():
    """Channels first, and a wrapper inside a wrapper."""
    inner = L.TimeDistributed(L.BatchNormalization(axis=1, momentum=0.7))
    layers = [L.TimeDistributed(inner), L.Flatten(), L.Dense(2)]
    return layers, draw(35, 9, 2, 3, 2, 4), draw(36, 9, 2), {"scale": 0.3}


def layer_time_distributed_mask_of_steps():
    """A mask of two axes: the recurrent layer inside skips steps of its own."""
    x = draw(37, 8, 3, 4, 2)
    x[:, :, 2] = x[1, 1, 1:] = x[2, 0, :3] = 0
    layers = [L.Masking(), L.TimeDistributed(L.LSTM(2, return_sequences=True)), L.TimeDistributed(L.GlobalAveragePooling1D())]
    return [*layers, L.Flatten(), L.Dense(2)], x, draw(38, 8, 2)


def layer_time_distributed_model():
    """A model inside: its masks hold there, and its activity regularizer counts for every step."""
    x = draw(39, 8, 3, 4, 2)
    x[:, :, 2] = x[1, 1] = x[2, 0, 1:] = 0
    inner = [L.Input((4, 2)), L.Masking(), L.GRU(3), L.BatchNormalization(momentum=0.7), L.Dense(2, activity_regularizer="l2")]
    return [L.TimeDistributed(keras.Sequential(inner)), L.Flatten(), L.Dense(2)], x, draw(40, 8, 2), {"scale": 0.5}


def layer_rnn_stacked_backwards_masking():
    """Cells on top of each other in one loop: the mask goes backwards for all of them."""
    x = draw(43, 8, 4, 2)
    x[0, 3] = x[1, 2:] = x[2, :2] = x[3, 1] = x[4] = 0
    cells = lambda: [L.GRUCell(3), L.LSTMCell(2), L.SimpleRNNCell(3)]  # noqa: E731
    layers = [
        L.Masking(),
        L.RNN(cells(), go_backwards=True, return_sequences=True),
        L.Bidirectional(L.RNN(cells(), return_sequences=True)),
        L.Bidirectional(L.RNN(cells()), merge_mode="sum"),
        L.Dense(2),
    ]
    return layers, x, draw(44, 8, 2)


def layer_recurrent_softmax():
    """Softmax inside cells is over the units, each gate by itself."""
    x = draw(45, 8, 4, 3)
    x[0, 3] = x[1, 1:] = x[2, 0] = x[3] = 0
    softmax = {"activation": "softmax", "return_sequences": True}
    layers = [
        L.Masking(),
        L.SimpleRNN(4, **softmax),
        L.GRU(3, recurrent_activation="softmax", **softmax),
        L.GRU(3, recurrent_activation="softmax", reset_after=False, **softmax),
        L.LSTM(3, recurrent_activation="softmax", go_backwards=True, **softmax),
        L.LSTM(3, recurrent_activation="softmax"),
        L.Dense(2),
    ]
    return layers, x, draw(46, 8, 2), {"scale": 3}


def reg_activity_inside_time_distributed():
    """That of the layer inside has no effect, that of TimeDistributed has."""
    inside = L.Dense(3, activation="tanh", activity_regularizer="l2", kernel_regularizer="l2")
    return [L.TimeDistributed(inside, activity_regularizer="l1"), L.Flatten(), L.Dense(2)], draw(49, 8, 4, 2), draw(50, 8, 2)


def reg_activity_any_layer():
    """An argument of the base class: pooling, normalization, wrappers and the rest take it too."""
    r = keras.regularizers.L1L2(l1=0.01, l2=0.02)
    layers = [
        L.Masking(activity_regularizer="l2"),
        L.Conv1D(3, 2),
        L.MaxPooling1D(2, activity_regularizer=r),
        L.BatchNormalization(momentum=0.7, activity_regularizer="l1"),
        L.PReLU(activity_regularizer=r),
        L.Bidirectional(L.GRU(2, return_sequences=True, activity_regularizer="l1"), activity_regularizer="l2"),
        L.TimeDistributed(L.Dense(2), activity_regularizer=r),
        L.Flatten(activity_regularizer=r),
        L.Dense(3),
        L.Activation("softmax", activity_regularizer=r),
    ]
    return layers, draw(41, 10, 7, 2), np.eye(3, dtype="float32")[np.arange(10) % 3]


def metric_correlations():
    """Two numbers a sample: Pearson is exactly 1 or -1, however close they are."""
    extra = {"metrics": ["pearson_correlation", "concordance_correlation"]}
    return [L.Dense(4, activation="tanh"), L.Dense(2)], draw(51, 10, 3), draw(52, 10, 2), extra


def opt_loss_scale_factor():
    """Scaling the loss and unscaling the gradients cancels out, before clipping too."""
    config = {"learning_rate": 0.1, "clipvalue": 0.1, "loss_scale_factor": 128.0, "weight_decay": 0.05}
    return [L.Dense(4), L.Dense(1)], draw(54, 10, 3), draw(55, 10, 1), {"optimizer": {"class_name": "Adam", "config": config}}


def opt_gradient_accumulation_ema_constraint():
    """Constraints and averages go on at every step, also where gradients are only gathered."""
    layers = [L.Dense(4, activation="tanh", kernel_constraint=keras.constraints.MaxNorm(1.0)), L.Dense(1, kernel_regularizer="l2")]
    config = {"learning_rate": 0.1, "momentum": 0.5, "gradient_accumulation_steps": 2, "weight_decay": 0.1}
    ema = {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 2}
    return layers, draw(47, 10, 3), draw(48, 10, 1), {"optimizer": {"class_name": "SGD", "config": {**config, **ema}}, "epochs": 3}


jax_cases = [
    opt_gradient_accumulation_ema_constraint,
    layer_recurrent_softmax,
    layer_rnn_stacked_backwards_masking,
    reg_activity_any_layer,
    reg_activity_inside_time_distributed,
    layer_time_distributed_batch_normalization,
    layer_time_distributed_batch_normalization_mask,
    layer_time_distributed_batch_normalization_images,
    layer_time_distributed_mask_of_steps,
    layer_time_distributed_model,
    layer_conv1d_glu,
    layer_conv2d_glu_channels_first,
    layer_conv2d_transpose_glu,
    layer_separable_conv1d_glu,
    layer_depthwise_conv2d_glu,
    layer_normalization,
    layer_normalization_invert,
]
def reg_activity_softmax_logits():
    """The loss goes by the logits (saturated ones: no clip at 16.1), the penalty by the probabilities."""
    regularizer = keras.regularizers.L1L2(l1=0.02, l2=0.3)
    layers = [L.Dense(4, activation="tanh"), L.Dense(3, activation="softmax", activity_regularizer=regularizer)]
    x, y = draw(21, 10, 3) * np.float32(20), np.arange(10).astype("int32").reshape(-1, 1) % 3
    extra = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], "scale": 25}
    return layers, x, y, extra


def reg_activity_sigmoid_logits():
    """As for softmax, with weights of samples."""
    layers = [L.Dense(2, activation="sigmoid", activity_regularizer=keras.regularizers.L2(0.4))]
    x, y = draw(22, 10, 3) * np.float32(20), (draw(23, 10, 2) > 0).astype("float32")
    weight = np.abs(draw(24, 10))
    return layers, x, y, {"loss": "binary_crossentropy", "metrics": ["binary_crossentropy"], "sample_weight": weight, "scale": 5}


def loss_binary_focal_saturated_uses_logits():
    """Its cross-entropy goes by the logits, as that of binary_crossentropy does; the factor (1 - p_t)^gamma by the probabilities."""
    x, y = draw(56, 10, 3) * np.float32(20), (draw(57, 10, 2) > 0).astype("float32")
    return [L.Dense(2, activation="sigmoid")], x, y, {"loss": "binary_focal_crossentropy", "scale": 2}


def reg_activity_softmax_mse():
    """A loss that takes the probabilities."""
    layers = [L.Dense(3, activation="softmax", activity_regularizer=keras.regularizers.L1L2(l1=0.1, l2=0.3))]
    return layers, draw(26, 10, 4), np.eye(3, dtype="float32")[np.arange(10) % 3]


tensorflow_cases = [
    loss_binary_focal_saturated_uses_logits,
    metric_correlations,
    opt_loss_scale_factor,
    reg_activity_softmax_logits,
    reg_activity_sigmoid_logits,
    reg_activity_softmax_mse,
]
of_backend = {"jax": jax_cases, "tensorflow": tensorflow_cases}
cases = {f.__name__: f for f in of_backend[keras.backend.backend()]}

if __name__ == "__main__":
    for name in sys.argv[1:] or cases:
        keras.utils.clear_session()
        made, extra = cases[name](), {}
        if isinstance(made[-1], dict):
            *made, extra = made
        with open(os.path.join(here, name + ".json"), "w") as f:
            json.dump(case(name, cases[name].__doc__, *made, **extra), f)
            f.write("\n")
