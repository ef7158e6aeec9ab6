"""Makes the files of test/saving/hostile: HDF5 that only h5py writes. Once: python make_hostile.py (needs h5py 3 and numpy)."""

import os
import struct

import h5py
import numpy as np

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hostile")
os.makedirs(folder, exist_ok=True)


def weights(name, change, **options):
    """The weights of dense(2) on three inputs in Keras 3's layout, and what `change` does to their group."""
    path = os.path.join(folder, name + ".weights.h5")
    with h5py.File(path, "w", **options) as file:
        variables = file.create_group("layers/dense/vars")
        variables["0"] = np.ones((3, 2), "float32")
        variables["1"] = np.zeros(2, "float32")
        change(file, variables)
    print(name, os.path.getsize(path))


def put(make):
    """The kernel as `make` makes it."""

    def change(file, variables):
        del variables["0"]
        make(file, variables)

    return change


def link(value):
    return put(lambda file, variables: variables.__setitem__("0", value))


def dataset(*args, **kwargs):
    return put(lambda file, variables: variables.create_dataset("0", *args, **kwargs))


def virtual(file, variables):
    layout = h5py.VirtualLayout(shape=(3, 2), dtype="float32")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(3, 2))
    variables.create_virtual_dataset("0", layout)


def virtual_own(file, variables):
    file["source"] = np.ones((3, 2), "float32")
    layout = h5py.VirtualLayout(shape=(3, 2), dtype="float32")
    layout[:] = h5py.VirtualSource(".", "source", shape=(3, 2))
    variables.create_virtual_dataset("0", layout)


def cycle(file, variables):
    for name in "abcd":
        file["layers/dense"][name] = file["layers"]


def two_names(file, variables):
    del variables["0"]
    file["other"] = np.ones((3, 2), "float32")
    variables["0"] = file["other"]


def deep(file, variables):
    file.create_group("layers/" + "/".join(["g"] * 300))


def many(file, variables):
    for i in range(200):
        file.create_group(f"layers/g{i}")


def chunk_bomb(file, variables):
    variables.create_dataset("0", (3, 2), "float32", maxshape=(None, None), chunks=(2**14, 2**15))


def compressed_bomb(file, variables):
    kernel = variables.create_dataset("0", (2**15, 2**15), "float32", chunks=(2**10, 2**10), compression="gzip", compression_opts=9)
    kernel[0, 0] = 1


weights("external_link", link(h5py.ExternalLink("/etc/passwd", "/x")))
weights("external_link_group", lambda f, v: f.__setitem__("layers/other", h5py.ExternalLink("other.h5", "/")))
weights("soft_link", put(lambda f, v: (f.__setitem__("other", np.ones((3, 2), "float32")), v.__setitem__("0", h5py.SoftLink("/other")))))
weights("soft_link_loop", link(h5py.SoftLink("/layers/dense/vars/0")))
weights("external_storage", dataset((3, 2), "float32", external=[("/etc/passwd", 0, 24)]))
weights("external_storage_device", dataset((3, 2), "float32", external=[("/dev/random", 0, 24)]))
weights("external_storage_stdin", dataset((3, 2), "float32", external=[("/dev/stdin", 0, 24)]))
weights("external_storage_itself", dataset((3, 2), "float32", external=[("file.h5", 0, 24)]))
weights("virtual", put(virtual))
weights("virtual_own", put(virtual_own))
weights("cycle", cycle)
weights("two_names", two_names)
weights("deep", deep, libver="latest")
weights("many", many, libver="latest")
weights("shape_bomb", dataset((2**19, 2**17), "float32", chunks=(64, 64)))
weights("shape_bomb_contiguous", dataset((2**19, 2**17), "float32"))
weights("shape_bomb_overflow", dataset((2**33, 2**33), "float32", chunks=(64, 64)))
weights("compressed_bomb", put(compressed_bomb))
weights("chunk_bomb", put(chunk_bomb))
weights("compound", dataset(data=np.zeros((3, 2), [("a", "f4"), ("b", "i4")])))
weights("texts", dataset((3, 2), h5py.string_dtype()))
weights("ragged", dataset((3, 2), h5py.vlen_dtype("float32")))
weights("enumeration", dataset((3, 2), h5py.enum_dtype({"A": 1})))
weights("references", dataset((3, 2), h5py.ref_dtype))
weights("opaque", dataset((3, 2), np.dtype("V4")))
weights("named_type", lambda f, v: f.__setitem__("layers/type", np.dtype("f4")))
weights("proto", lambda f, v: (f.create_group("__proto__"), f.create_group("layers/constructor"), f["layers"].attrs.__setitem__("__proto__", "x")))

# The same long text 3,000 times over: every element points to one text of the file.
path = os.path.join(folder, "one_text_often.weights.h5")
with h5py.File(path, "w") as file:
    variables = file.create_group("layers/dense/vars")
    variables["0"] = np.ones((3, 2), "float32")
    variables["1"] = np.zeros(2, "float32")
    texts = variables.create_dataset("2", (3000,), h5py.string_dtype())
    texts[0] = "x" * 60000
    file.flush()
    at = texts.id.get_offset()
with open(path, "r+b") as raw:
    raw.seek(at)
    entry = raw.read(16)
    assert struct.unpack("<I", entry[:4])[0] == 60000
    raw.seek(at)
    raw.write(entry * 3000)
print("one_text_often", os.path.getsize(path))
