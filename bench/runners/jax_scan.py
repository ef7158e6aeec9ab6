# JAX without a framework: a whole epoch in one jitted lax.scan, with the state donated.
import time

from common import MANIFEST, BEGAN, data, run, weights

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

imported = time.perf_counter() - BEGAN
KIND, LOSS, B = MANIFEST["kind"], MANIFEST["loss"], MANIFEST["batchSize"]


def forward(p, x):
    if KIND == "mlp":
        for i in range(0, len(p), 2):
            x = x @ p[i] + p[i + 1]
            if i < len(p) - 2:
                x = jax.nn.relu(x)
        return x
    if KIND == "cnn":
        conv = lambda x, w: lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        pool = lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        x = pool(jax.nn.relu(conv(x, p[0]) + p[1]))
        x = pool(jax.nn.relu(conv(x, p[2]) + p[3])).reshape(x.shape[0], -1)
        return jax.nn.relu(x @ p[4] + p[5]) @ p[6] + p[7]
    if KIND == "lstm":
        n, steps, features = x.shape
        z = (x.transpose(1, 0, 2).reshape(-1, features) @ p[0] + p[2]).reshape(steps, n, -1)

        def cell(state, z):
            h, c = state
            i, f, g, o = jnp.split(z + h @ p[1], 4, 1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((n, p[1].shape[0]))
        (h, _), _ = lax.scan(cell, (zeros, zeros), z)
        return h @ p[3] + p[4]
    return jax.nn.relu(p[0][x].mean(1) @ p[1] + p[2]) @ p[3] + p[4]


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
    m = [0.9 * m + 0.1 * g for m, g in zip(s["m"], g)]
    v = [0.999 * v + 0.001 * g * g for v, g in zip(s["v"], g)]
    p = [p - rate * m / (jnp.sqrt(v) + 1e-7) for p, m, v in zip(s["p"], m, v)]
    return dict(p=p, m=m, v=v, t=t, loss=s["loss"] + l * rows.shape[0], right=s["right"] + right)


one = jax.jit(step, donate_argnums=0)
many = jax.jit(lambda s, x, y, order: lax.scan(lambda s, rows: (step(s, x, y, rows), None), s, order)[0], donate_argnums=0)

start = time.perf_counter()
x, y = data()
loading = time.perf_counter() - start
X, Y = jnp.array(x), jnp.array(y)
n, whole = len(x), len(x) // B
p = [jnp.array(w) for w in weights()]
state = dict(p=p, m=[jnp.zeros_like(w) for w in p], v=[jnp.zeros_like(w) for w in p], t=jnp.float32(0), loss=jnp.float32(0), right=jnp.int32(0))


def epoch(order=None):
    global state
    order = np.random.permutation(n).astype(np.int32) if order is None else order
    state = dict(state, loss=jnp.float32(0), right=jnp.int32(0))
    state = many(state, X, Y, order[: whole * B].reshape(whole, B))
    if n % B:
        state = one(state, X, Y, order[whole * B :])
    return float(state["loss"]) / n


run(lambda: epoch(np.arange(n, dtype=np.int32)), epoch, imported, f"JAX {jax.__version__}", loading=loading)
