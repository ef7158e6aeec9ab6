# JAX without a framework: a whole epoch in one jitted lax.scan, with the state donated. JAX_STEPS=1: a jitted step a batch, because
# XLA runs convolutions within a scan on one thread.
import os
import time

from common import BEGAN, LAYERS, MANIFEST, begin_growth, data, run, weights

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

imported = time.perf_counter() - BEGAN
LOSS, B = MANIFEST["loss"], MANIFEST["batchSize"]
BY_STEPS = os.environ.get("JAX_STEPS") == "1"
AXES = {3: ("NWC", "WIO", "NWC"), 4: ("NHWC", "HWIO", "NHWC")}


def convolve(x, w, o, groups=1):
    strides = (o.get("strides", 1),) * (x.ndim - 2)
    padding = o.get("padding", "valid").upper()
    return lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=AXES[x.ndim], feature_group_count=groups)


def pool(x, size):
    window = (1, *(size,) * (x.ndim - 2), 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def by_steps(x, w, b, units, cell, states):
    """Inputs of all time steps in one product, then the steps; the last output."""
    n, steps, features = x.shape
    z = (x.transpose(1, 0, 2).reshape(-1, features) @ w + b).reshape(steps, n, -1)
    return lax.scan(lambda s, z: (cell(s, z), None), (jnp.zeros((n, units)),) * states, z)[0][0]


def lstm(x, w, u, b):
    def cell(state, z):
        h, c = state
        i, f, g, o = jnp.split(z + h @ u, 4, 1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c

    return by_steps(x, w, b, u.shape[0], cell, 2)


def gru(x, w, u, b):
    def cell(state, a):
        h, = state
        az, ar, ah = jnp.split(a, 3, 1)
        bz, br, bh = jnp.split(h @ u + b[1], 3, 1)
        z = jax.nn.sigmoid(az + bz)
        return z * h + (1 - z) * jnp.tanh(ah + jax.nn.sigmoid(ar + br) * bh),

    return by_steps(x, w, b[0], u.shape[0], cell, 1)


def normalize(x, gamma, beta):  # as in training; the moving statistics, which nothing here reads, are left out
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axes)
    return (x - mean) * (gamma * lax.rsqrt(jnp.square(x - mean).mean(axes) + 1e-3)) + beta


def forward(p, x):
    """The logits."""
    for weights, (name, o) in zip(p, LAYERS):
        bias = weights[-1] if o.get("useBias", True) and weights else 0.0
        if name == "dense":
            x = x @ weights[0] + bias
        elif name in ("conv1d", "conv2d"):
            x = convolve(x, weights[0], o) + bias
        elif name == "depthwiseConv2d":
            k = weights[0]
            x = convolve(x, k.reshape(*k.shape[:2], 1, -1), o, k.shape[2]) + bias
        elif name.startswith("maxPooling"):
            x = pool(x, o["poolSize"])
        elif name.startswith("globalAveragePooling"):
            x = x.mean(tuple(range(1, x.ndim - 1)))
        elif name == "batchNormalization":
            x = normalize(x, *weights[:2])
        elif name == "flatten":
            x = x.reshape(x.shape[0], -1)
        elif name == "embedding":
            x = weights[0][x]
        elif name in ("lstm", "gru"):
            x = globals()[name](x, *weights)
        elif name != "activation":
            raise ValueError(name)
        if o.get("activation") == "relu":
            x = jax.nn.relu(x)
    return x


def loss(p, x, y):
    o = forward(p, x)
    if LOSS == "sparse_categorical_crossentropy":
        return -jnp.take_along_axis(jax.nn.log_softmax(o), y[:, None], 1).mean(), (o.argmax(1) == y).sum()
    if LOSS == "binary_crossentropy":
        return (jnp.logaddexp(0.0, o) - y * o).mean(), ((o > 0) == y).sum()
    return ((o - y) ** 2).mean(), jnp.int32(0)


def step(s, x, y, rows):
    (l, right), g = jax.value_and_grad(loss, has_aux=True)(s["p"], x[rows], y[rows])
    t = s["t"] + 1
    rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, s["m"], g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, s["v"], g)
    p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), s["p"], m, v)
    return dict(p=p, m=m, v=v, t=t, loss=s["loss"] + l * rows.shape[0], right=s["right"] + right)


one = jax.jit(step, donate_argnums=0)
many = jax.jit(lambda s, x, y, order: lax.scan(lambda s, rows: (step(s, x, y, rows), None), s, order)[0], donate_argnums=0)

start = time.perf_counter()
x, y = data()
loading = time.perf_counter() - start
X, Y = jnp.array(x), jnp.array(y)
n, whole = len(x), len(x) // B
begin_growth()
p = jax.tree.map(jnp.array, weights())
zeros = lambda: jax.tree.map(jnp.zeros_like, p)
state = dict(p=p, m=zeros(), v=zeros(), t=jnp.float32(0), loss=jnp.float32(0), right=jnp.int32(0))


def epoch(order=None):
    global state
    order = np.random.permutation(n).astype(np.int32) if order is None else order
    state = dict(state, loss=jnp.float32(0), right=jnp.int32(0))
    if BY_STEPS:
        for i in range(0, n, B):
            state = one(state, X, Y, order[i : i + B])
    else:
        state = many(state, X, Y, order[: whole * B].reshape(whole, B))
        if n % B:
            state = one(state, X, Y, order[whole * B :])
    return float(state["loss"]) / n


run(lambda: epoch(np.arange(n, dtype=np.int32)), epoch, imported, f"JAX {jax.__version__}", loading=loading)
