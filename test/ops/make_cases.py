"""Writes cases.json: what keras.ops gives for arrays of odd shapes, for test/ops/keras.test.ts. Needs Keras 3 and NumPy."""

import json
import pathlib

import keras
import numpy as np

ops = keras.ops
random = np.random.default_rng(7)


def numbers(*shape, low=-2.0, high=2.0):
    return random.uniform(low, high, shape).astype("float32")


UNARY = {
    "negative": {}, "abs": {}, "sign": {}, "exp": {}, "exp2": {}, "expm1": {}, "square": {}, "sin": {}, "cos": {}, "tan": {}, "arctan": {},
    "sinh": {}, "cosh": {}, "tanh": {}, "arcsinh": {}, "erf": {}, "floor": {}, "ceil": {}, "round": {}, "trunc": {}, "sigmoid": {},
    "log_sigmoid": {}, "softplus": {}, "softsign": {}, "relu": {}, "relu6": {}, "silu": {}, "gelu": {}, "elu": {}, "celu": {},
    "selu": {}, "leaky_relu": {}, "hard_sigmoid": {}, "hard_silu": {}, "softmax": {}, "log_softmax": {}, "logical_not": {}, "reciprocal": {},
    "log": {"low": 0.1}, "log2": {"low": 0.1}, "log10": {"low": 0.1}, "log1p": {"low": -0.9}, "sqrt": {"low": 0.1}, "rsqrt": {"low": 0.1},
    "arccosh": {"low": 1.1, "high": 4}, "arcsin": {"low": -0.9, "high": 0.9}, "arccos": {"low": -0.9, "high": 0.9},
    "arctanh": {"low": -0.9, "high": 0.9}, "erfinv": {"low": -0.9, "high": 0.9},
}
BINARY = [
    "add", "subtract", "multiply", "divide", "floor_divide", "mod", "maximum", "minimum", "arctan2", "less", "less_equal", "greater",
    "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_xor", "logaddexp", "hypot",
]
a, b = numbers(3, 5, 4), numbers(5, 1)
square = numbers(2, 3, 4)
OTHER = {
    "power": ([np.abs(a) + 0.1, b], ops.power),
    "where": ([a, numbers(5, 4), numbers(1)], lambda c, x, y: ops.where(c > 0, x, y)),
    "clip": ([a], lambda x: ops.clip(x, -0.5, 0.7)),
    "sum": ([a], lambda x: ops.sum(x, axis=1)),
    "sum of two axes": ([a], lambda x: ops.sum(x, axis=(0, 2), keepdims=True)),
    "mean of all": ([a], ops.mean),
    "max": ([a], lambda x: ops.max(x, axis=-1, keepdims=True)),
    "min": ([a], lambda x: ops.min(x, axis=0)),
    "prod": ([a], lambda x: ops.prod(x, axis=1)),
    "var": ([a], lambda x: ops.var(x, axis=(1, 2))),
    "std": ([a], lambda x: ops.std(x, axis=2)),
    "logsumexp": ([a], lambda x: ops.logsumexp(x, axis=1)),
    "norm": ([a], lambda x: ops.norm(x, axis=-1)),
    "norm of all": ([numbers(4, 3)], ops.norm),
    "all": ([a], lambda x: ops.all(x > -1.8, axis=1)),
    "any": ([a], lambda x: ops.any(x > 1.5, axis=1)),
    "argmax": ([a], lambda x: ops.argmax(x, axis=1)),
    "argmin": ([a], lambda x: ops.argmin(x, axis=-1, keepdims=True)),
    "cumsum": ([a], lambda x: ops.cumsum(x, axis=1)),
    "cumprod": ([a], lambda x: ops.cumprod(x, axis=2)),
    "sort": ([a], lambda x: ops.sort(x, axis=1)),
    "argsort": ([a], lambda x: ops.argsort(x, axis=-1)),
    "topK values": ([a], lambda x: ops.top_k(x, 3)[0]),
    "topK indices": ([a], lambda x: ops.top_k(x, 3)[1]),
    "reshape": ([a], lambda x: ops.reshape(x, (5, -1))),
    "transpose": ([a], lambda x: ops.transpose(x, (2, 0, 1))),
    "transpose of all": ([a], ops.transpose),
    "swapaxes": ([a], lambda x: ops.swapaxes(x, 0, -1)),
    "moveaxis": ([a], lambda x: ops.moveaxis(x, 0, 1)),
    "expandDims": ([a], lambda x: ops.expand_dims(x, 1)),
    "squeeze": ([numbers(3, 1, 2, 1)], ops.squeeze),
    "concatenate": ([a, numbers(3, 2, 4)], lambda x, y: ops.concatenate([x, y], axis=1)),
    "stack": ([b, b + 1], lambda x, y: ops.stack([x, y], axis=1)),
    "split": ([a], lambda x: ops.split(x, [1, 3], axis=1)[1]),
    "unstack": ([a], lambda x: ops.unstack(x, axis=1)[2]),
    "slice": ([a], lambda x: ops.slice(x, (1, 0, 2), (2, 3, 2))),
    "pad": ([b], lambda x: ops.pad(x, ((1, 2), (0, 1)), constant_values=3.0)),
    "pad reflect": ([a], lambda x: ops.pad(x, ((0, 0), (2, 1), (0, 0)), mode="reflect")),
    "flip": ([a], lambda x: ops.flip(x, axis=1)),
    "roll": ([a], lambda x: ops.roll(x, 2, axis=1)),
    "tile": ([b], lambda x: ops.tile(x, (2, 3))),
    "repeat": ([a], lambda x: ops.repeat(x, 2, axis=1)),
    "tril": ([square], lambda x: ops.tril(x, k=-1)),
    "triu": ([square], lambda x: ops.triu(x, k=1)),
    "diagonal": ([square], lambda x: ops.diagonal(x, offset=1, axis1=-2, axis2=-1)),
    "broadcastTo": ([b], lambda x: ops.broadcast_to(x, (2, 5, 3))),
    "take": ([a], lambda x: ops.take(x, [[0, 2], [-1, 1]], axis=1)),
    "take by tensor": ([a, np.array([3.0, 0.0])], lambda x, i: ops.take(x, ops.cast(i, "int32"), axis=2)),
    "takeAlongAxis": ([a, np.zeros((3, 1, 4), "float32") + 2], lambda x, i: ops.take_along_axis(x, ops.cast(i, "int32"), axis=1)),
    "oneHot": ([np.array([[0.0, 2.0], [1.0, 1.0]])], lambda x: ops.one_hot(ops.cast(x, "int32"), 3)),
    "matmul": ([numbers(2, 3, 4), numbers(4, 5)], ops.matmul),
    "matmul of batches": ([numbers(2, 1, 3, 4), numbers(5, 4, 2)], ops.matmul),
    "matmul of vectors": ([numbers(4), numbers(4)], ops.matmul),
    "dot": ([numbers(3, 4), numbers(4, 2)], ops.dot),
    "tensordot": ([numbers(2, 3, 4), numbers(3, 4, 5)], lambda x, y: ops.tensordot(x, y, axes=2)),
    "outer": ([numbers(3), numbers(4)], ops.outer),
    "einsum": ([numbers(2, 3, 4), numbers(2, 5, 4)], lambda x, y: ops.einsum("bij,bkj->bik", x, y)),
    "einsum of heads": ([numbers(2, 3, 4), numbers(4, 2, 5)], lambda x, y: ops.einsum("abc,cde->abde", x, y)),
    "einsum of one": ([numbers(2, 3, 4)], lambda x: ops.einsum("abc->ca", x)),
    "einsum outer": ([numbers(2, 3), numbers(4)], lambda x, y: ops.einsum("ab,c->abc", x, y)),
    "normalize": ([a], lambda x: ops.normalize(x, axis=-1)),
}


def case(name, arrays, fn):
    result = np.asarray(ops.convert_to_numpy(fn(*[ops.convert_to_tensor(np.asarray(x, "float32")) for x in arrays])), "float64")
    pack = lambda x: {"shape": list(np.shape(x)), "data": [float(v) for v in np.asarray(x, "float64").ravel()]}
    return {"name": name, "inputs": [pack(np.asarray(x, "float32")) for x in arrays], "output": pack(result)}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


cases = [case(camel(n), [numbers(3, 5, 4, **r)], getattr(ops, n)) for n, r in UNARY.items()]
cases += [case(camel(n), [np.round(a) if "log" not in n and n not in ("add",) and n != "divide" else a, np.round(b) + 0.5 * (n in ("divide", "floor_divide", "mod", "arctan2"))], getattr(ops, n)) for n in BINARY if hasattr(ops, n)]
cases += [case(n, arrays, fn) for n, (arrays, fn) in OTHER.items()]
path = pathlib.Path(__file__).parent / "cases.json"
path.write_text(json.dumps({"keras": keras.__version__, "cases": cases}, separators=(",", ":")) + "\n")
print(len(cases), "cases of Keras", keras.__version__, keras.backend.backend())
