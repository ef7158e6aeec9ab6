# What every Python system shares: the workload's files, the clock, and the line of JSON at the end.
# python RUNNER.py MANIFEST EPOCHS BUDGET
import json
import resource
import sys
import time

import numpy as np

BEGAN = time.perf_counter()
MANIFEST = json.load(open(sys.argv[1]))
EPOCHS, BUDGET = int(sys.argv[2]), float(sys.argv[3])


def peak_mib():
    # Linux's ru_maxrss begins with that of the process that started this one.
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(entry):
    return np.fromfile(entry["file"], dtype=entry["type"]).reshape(entry["shape"])


def data():
    x, y = read(MANIFEST["x"]), read(MANIFEST["y"])
    if MANIFEST["loss"] != "sparse_categorical_crossentropy":
        y = y.astype(np.float32).reshape(-1, 1)
    return x, y


def weights():
    flat, out = np.fromfile(MANIFEST["weights"]["file"], dtype=np.float32), []
    for shape in MANIFEST["weights"]["shapes"]:
        size = int(np.prod(shape))
        out.append(flat[:size].reshape(shape))
        flat = flat[size:]
    return out


def enough(times):
    return len(times) >= EPOCHS or (len(times) >= 5 and sum(times) > BUDGET)


def run(check, epoch, imported, version, threads=None, note=None, loading=0.0):
    """check() trains an epoch in file order and returns its loss; epoch() a shuffled one."""
    loss = float(check())
    first = time.perf_counter() - BEGAN - loading
    times = []
    while not enough(times):
        start = time.perf_counter()
        epoch()
        times.append(time.perf_counter() - start)
    report(loss, times, imported, first, version, threads, note)


def report(loss, times, imported, first, version, threads=None, note=None):
    print(json.dumps({
        "loss": loss,
        "epochs": times,
        "importMs": imported * 1e3,
        "firstEpochMs": first * 1e3,
        "peakMiB": peak_mib(),
        "threads": threads,
        "version": version,
        "note": note,
    }))
