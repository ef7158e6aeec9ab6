# What every Python system shares: the workload's files, the clock, and the line of JSON at the end.
# python RUNNER.py MANIFEST EPOCHS BUDGET MOST
import json
import resource
import sys
import time

import numpy as np

BEGAN = time.perf_counter()
MANIFEST = json.load(open(sys.argv[1]))
EPOCHS, BUDGET, MOST = int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
LAYERS = MANIFEST["layers"]
BEFORE = {}


def status(key):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def peak_mib():
    # Linux's ru_maxrss begins with that of the process that started this one.
    try:
        return status("VmHWM")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def begin_growth():
    """From here on memory counts as that of training: libraries and data are there. Only Linux can tell."""
    try:
        peak = status("VmHWM")
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # the peak starts anew
        BEFORE.update(peak=peak, held=status("VmRSS"))
    except OSError:
        pass


def read(entry):
    return np.fromfile(entry["file"], dtype=entry["type"]).reshape(entry["shape"])


def data():
    x, y = read(MANIFEST["x"]), read(MANIFEST["y"])
    if MANIFEST["loss"] != "sparse_categorical_crossentropy":
        y = y.astype(np.float32).reshape(-1, 1)
    return x, y


def weights():
    """The initial weights of each layer."""
    flat, out = np.fromfile(MANIFEST["weights"]["file"], dtype=np.float32), []
    for shapes in MANIFEST["weights"]["shapes"]:
        out.append([])
        for shape in shapes:
            size = int(np.prod(shape))
            out[-1].append(flat[:size].reshape(shape))
            flat = flat[size:]
    return out


def enough(times):
    """All epochs; or five and BUDGET seconds; or at least one, and MOST seconds."""
    return len(times) >= EPOCHS or (len(times) >= 5 and sum(times) > BUDGET) or sum(times) > MOST


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
    peak = peak_mib()
    print(json.dumps({
        "loss": loss,
        "epochs": times,
        "importMs": imported * 1e3,
        "firstEpochMs": first * 1e3,
        "peakMiB": max(peak, BEFORE.get("peak", 0)),
        "grownMiB": peak - BEFORE["held"] if BEFORE else None,
        "threads": threads,
        "version": version,
        "note": note,
    }))
