# PyTorch as its users write it for speed: rows by index_select, fused Adam. TORCH_COMPILE=1 compiles forward and loss.
import math
import os
import time

from common import BEGAN, LAYERS, MANIFEST, begin_growth, data, run, weights

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

imported = time.perf_counter() - BEGAN
LOSS, B = MANIFEST["loss"], MANIFEST["batchSize"]


class To(nn.Module):  # a view
    def __init__(self, order):
        super().__init__()
        self.order = order

    def forward(self, x):
        return x.permute(self.order)


class Mean(nn.Module):
    def __init__(self, axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.mean(self.axes)


class Last(nn.Module):  # of a recurrent layer's outputs
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0][:, -1]


def tensor(a):
    return torch.from_numpy(np.ascontiguousarray(a))


def convolution(shape, o, w, groups, filters):
    """Keras pads the end where 'same' needs an odd number, so that is a layer of its own; kernels come as [..., in, out]."""
    rank, size, stride = len(shape) - 1, o["kernelSize"], o.get("strides", 1)
    kernel = np.moveaxis(w[0], (-1, -2), (0, 1)) if groups == 1 else np.moveaxis(w[0], (-2, -1), (0, 1))
    before, padding = [], [0] * rank
    if o.get("padding") == "same":
        ends = [max(0, (-(-n // stride) - 1) * stride + size - n) for n in shape[:-1]]
        padding = [n // 2 for n in ends]
        if any(n % 2 for n in ends):
            before, padding = [(nn.ConstantPad1d, nn.ConstantPad2d)[rank - 1]([p for n in reversed(ends) for p in (n // 2, n - n // 2)], 0.0)], [0] * rank
    out = [(n + extra - size) // stride + 1 for n, extra in zip(shape, [2 * p for p in padding] if not before else ends)]
    layer = (nn.Conv1d, nn.Conv2d)[rank - 1](shape[-1], filters, size, stride, padding, groups=groups, bias=o.get("useBias", True))
    layer.weight.data = tensor(kernel)
    if layer.bias is not None:
        layer.bias.data = tensor(w[1])
    return [*before, layer], [*out, filters]


def recurrent(kind, shape, o, w):
    units, features = o["units"], shape[-1]
    layer = (nn.LSTM if kind == "lstm" else nn.GRU)(features, units, batch_first=True)
    w = [a.reshape(*a.shape[:-1], -1, units) for a in w]
    if kind == "gru":
        w = [a[..., [1, 0, 2], :] for a in w]  # update, reset, candidate against reset, update, candidate
    flat = [a.reshape(*a.shape[:-2], -1) for a in w]
    layer.weight_ih_l0.data, layer.weight_hh_l0.data = tensor(flat[0].T), tensor(flat[1].T)
    if kind == "gru":
        layer.bias_ih_l0.data, layer.bias_hh_l0.data = tensor(flat[2][0]), tensor(flat[2][1])
    else:
        layer.bias_ih_l0.data = tensor(flat[2])
        layer.bias_hh_l0.data.zero_()
        layer.bias_hh_l0.requires_grad_(False)  # Keras has one bias, not two
    return Last(layer)


def build():
    """Convolutions and pools see channels first, in memory last; all else sees the axes as Keras has them."""
    shape, modules, first = list(MANIFEST["x"]["shape"][1:]), [], False
    for (name, o), w in zip(LAYERS, weights()):
        image = name.startswith(("conv", "depthwise", "maxPooling"))
        if image and not first:
            modules.append(To((0, len(shape), *range(1, len(shape)))))
            first = True
        if name == "dense":
            layer = nn.Linear(shape[-1], o["units"])
            layer.weight.data, layer.bias.data = tensor(w[0].T), tensor(w[1])
            modules.append(layer)
            shape = [*shape[:-1], o["units"]]
        elif name in ("conv1d", "conv2d"):
            layers, shape = convolution(shape, o, w, 1, o["filters"])
            modules += layers
        elif name == "depthwiseConv2d":
            layers, shape = convolution(shape, o, w, shape[-1], shape[-1])
            modules += layers
        elif name.startswith("maxPooling"):
            modules.append((nn.MaxPool1d, nn.MaxPool2d)[len(shape) - 2](o["poolSize"]))
            shape = [*(n // o["poolSize"] for n in shape[:-1]), shape[-1]]
        elif name.startswith("globalAveragePooling"):
            modules.append(Mean(tuple(range(2, len(shape) + 1) if first else range(1, len(shape)))))
            shape, first = shape[-1:], False
        elif name == "batchNormalization":
            layer = (nn.BatchNorm1d, nn.BatchNorm2d)[len(shape) - 2](shape[-1], eps=1e-3, momentum=0.01)
            layer.weight.data, layer.bias.data = tensor(w[0]), tensor(w[1])
            modules.append(layer)
        elif name == "flatten":
            modules += [To((0, *range(2, len(shape) + 1), 1)), nn.Flatten()] if first else [nn.Flatten()]
            shape, first = [int(np.prod(shape))], False
        elif name == "embedding":
            modules.append(nn.Embedding.from_pretrained(tensor(w[0]), freeze=False))
            shape = [*shape, o["outputDim"]]
        elif name in ("lstm", "gru"):
            modules.append(recurrent(name, shape, o, w))
            shape = [o["units"]]
        elif name != "activation":
            raise ValueError(name)
        if o.get("activation") == "relu":
            modules.append(nn.ReLU())
    return nn.Sequential(*modules)


losses = {"sparse_categorical_crossentropy": F.cross_entropy, "binary_crossentropy": F.binary_cross_entropy_with_logits, "mean_squared_error": F.mse_loss}


def right(o, y):
    if LOSS == "sparse_categorical_crossentropy":
        return (o.argmax(1) == y).sum()
    return ((o > 0) == y).sum() if LOSS == "binary_crossentropy" else torch.zeros(())


start = time.perf_counter()
x, y = data()
loading = time.perf_counter() - start
X, Y = torch.from_numpy(x), torch.from_numpy(y)
if LOSS == "sparse_categorical_crossentropy":
    Y = Y.long()
begin_growth()
model = build()
if any(name.endswith("onv2d") for name, _ in LAYERS):
    model = model.to(memory_format=torch.channels_last)
pass_ = lambda xb, yb: (lambda o: (losses[LOSS](o, yb), o))(model(xb))
compiled = os.environ.get("TORCH_COMPILE") == "1"
if compiled:
    pass_ = torch.compile(pass_, dynamic=False)
optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3, eps=1e-7, fused=True)
n = len(x)
step = 0


def optimize():
    """Keras adds epsilon to the root of the second moment before its bias is corrected, PyTorch after it."""
    global step
    step += 1
    for group in optimizer.param_groups:
        group["eps"] = 1e-7 / math.sqrt(1 - 0.999**step)
    optimizer.step()


def epoch(order=None):
    order = torch.randperm(n) if order is None else order
    total, hits = torch.zeros(()), torch.zeros(())
    for i in range(0, n, B):
        rows = order[i : i + B]
        xb, yb = X.index_select(0, rows), Y.index_select(0, rows)
        optimizer.zero_grad(set_to_none=True)
        l, o = pass_(xb, yb)
        l.backward()
        optimize()
        with torch.no_grad():
            total += l.detach() * len(xb)
            hits += right(o.detach(), yb)
    return total.item() / n


run(lambda: epoch(torch.arange(n)), epoch, imported, f"PyTorch {torch.__version__}{', compiled' if compiled else ''}", torch.get_num_threads(), loading=loading)
