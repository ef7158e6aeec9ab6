# PyTorch as its users write it for speed: rows by index_select, fused Adam. TORCH_COMPILE=1 compiles forward and loss.
import os
import time

from common import MANIFEST, BEGAN, data, run, weights

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

imported = time.perf_counter() - BEGAN
KIND, LOSS, B = MANIFEST["kind"], MANIFEST["loss"], MANIFEST["batchSize"]


class Lstm(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.lstm, self.out = nn.LSTM(features, 64, batch_first=True), nn.Linear(64, 1)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


class Text(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.table, self.hidden, self.out = nn.Embedding(vocabulary, 64), nn.Linear(64, 16), nn.Linear(16, 1)

    def forward(self, x):
        return self.out(F.relu(self.hidden(self.table(x).mean(1))))


class Flat(nn.Module):  # in the order of a channels-last image, as the weights have it
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def build():
    d = MANIFEST["data"]
    if KIND == "mlp":
        sizes, layers = [d["features"], *MANIFEST["units"]], []
        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
            layers += [nn.Linear(a, b)] + ([nn.ReLU()] if i < len(sizes) - 2 else [])
        return nn.Sequential(*layers)
    if KIND == "cnn":
        return nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), Flat(),
                             nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10))
    return Lstm(d["features"]) if KIND == "lstm" else Text(d["vocabulary"])


def fill(model):
    w = [torch.from_numpy(np.ascontiguousarray(a)) for a in weights()]
    with torch.no_grad():
        if KIND == "lstm":
            model.lstm.weight_ih_l0.copy_(w[0].T), model.lstm.weight_hh_l0.copy_(w[1].T), model.lstm.bias_ih_l0.copy_(w[2])
            model.lstm.bias_hh_l0.zero_().requires_grad_(False)  # Keras has one bias, not two
            w, modules = w[3:], [model.out]
        elif KIND == "text":
            model.table.weight.copy_(w[0])
            w, modules = w[1:], [model.hidden, model.out]
        else:
            modules = [m for m in model if hasattr(m, "weight")]
        for m in modules:
            k = w.pop(0)
            m.weight.copy_(k.permute(3, 2, 0, 1) if k.ndim == 4 else k.T)
            m.bias.copy_(w.pop(0))


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
model = build()
fill(model)
if KIND == "cnn":
    X = X.permute(0, 3, 1, 2)
    model = model.to(memory_format=torch.channels_last)
pass_ = lambda xb, yb: (lambda o: (losses[LOSS](o, yb), o))(model(xb))
compiled = os.environ.get("TORCH_COMPILE") == "1"
if compiled:
    pass_ = torch.compile(pass_, dynamic=False)
optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3, eps=1e-7, fused=True)
n = len(x)


def epoch(order=None):
    order = torch.randperm(n) if order is None else order
    total, hits = torch.zeros(()), torch.zeros(())
    for i in range(0, n, B):
        rows = order[i : i + B]
        xb, yb = X.index_select(0, rows), Y.index_select(0, rows)
        optimizer.zero_grad(set_to_none=True)
        l, o = pass_(xb, yb)
        l.backward()
        optimizer.step()
        with torch.no_grad():
            total += l.detach() * len(xb)
            hits += right(o.detach(), yb)
    return total.item() / n


run(lambda: epoch(torch.arange(n)), epoch, imported, f"PyTorch {torch.__version__}{', compiled' if compiled else ''}", torch.get_num_threads(), loading=loading)
