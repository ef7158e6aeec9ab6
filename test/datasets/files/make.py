"""Files of other programs, which test/datasets reads: python3 make.py (pandas 3.1.1, pyarrow 26.0.1, h5py 3.16.0, numpy 2.4.6, pillow).

expected.json has what pandas and numpy read back from them.
"""
import gzip
import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
from PIL import Image

here = Path(__file__).parent
rng = np.random.default_rng(7)
rows = 60
flowers = pd.DataFrame(
    {
        "length": rng.normal(5, 1, rows),
        "width": rng.normal(3, 0.5, rows).astype("float32"),
        "count": rng.integers(-5, 2000, rows),
        "id": rng.integers(2**30, 2**40, rows),
        "wild": rng.random(rows) < 0.5,
        "city": rng.choice(["Rome", "Oslo, Norway", 'The "Hague"', "Åre\nSweden", ""], rows),
        "species": rng.choice(["setosa", "versicolor", "virginica"], rows, p=[0.5, 0.3, 0.2]),
        "target": rng.integers(0, 3, rows),
    }
)
expected = {"flowers": {name: flowers[name].tolist() for name in flowers}}


def csv(name, frame, **options):
    frame.to_csv(here / name, index=False, **options)


csv("flowers.csv", flowers)
csv("flowers_crlf.csv", flowers.replace("Åre\nSweden", "Åre"), lineterminator="\r\n")
csv("flowers_semicolon.csv", flowers, sep=";")
csv("flowers_quoted.csv", flowers, quoting=1)
csv("flowers_headless.csv", flowers, header=False)
flowers.to_csv(here / "flowers_bom.csv", index=False, encoding="utf-8-sig")
with gzip.GzipFile(here / "flowers.csv.gz", "wb", mtime=0) as file:
    file.write((here / "flowers.csv").read_bytes())

missing = flowers[["length", "count", "target"]].copy()
missing.loc[[3, 17], "length"] = np.nan
csv("missing.csv", missing)
csv("missing_na.csv", missing, na_rep="NA")
expected["missing"] = missing["length"].fillna(-1).tolist()

# Numbers in all spellings of pandas and numpy, at the edges of float32 and float64.
values = np.concatenate(
    [
        rng.normal(0, 1, 200),
        rng.normal(0, 1, 100) * 10.0 ** rng.integers(-44, 38, 100),
        [0.0, -0.0, 1.0, 16777217.0, 3.4028235e38, 1e-45, 1.17549435e-38, 0.1, 1 / 3, 2.0**-149, 1e22, 1e23, 9007199254740993.0],
        (np.float32(1) + np.arange(20) * np.float32(2) ** -24).astype("float64"),
    ]
)
frame = pd.DataFrame({"full": values, "short": [f"{v:.7g}" for v in values], "long": [f"{v:.30e}" for v in values]})
csv("numbers.csv", frame)
expected["numbers"] = {"full": [v.hex() for v in values.tolist()], "short": [float(v).hex() for v in frame["short"]]}

flowers["when"] = pd.date_range("2020-01-01", periods=rows)
flowers["petals"] = [rng.integers(0, 9, 3).astype("float64").tolist() for _ in range(rows)]
expected["petals"] = flowers["petals"].tolist()
# Several groups of rows, and pages of them.
for codec in ["snappy", "gzip", "brotli", "zstd", "none"]:
    flowers.to_parquet(here / f"flowers_{codec}.parquet", index=False, compression=codec, row_group_size=25)
missing.to_parquet(here / "missing.parquet", index=False)
# For the examples of the documentation.
train = pd.DataFrame({name: rng.random(40).astype("float32") for name in "abcd"})
train["target"] = np.arange(40) % 2
train.to_parquet(here / "train.parquet", index=False)
del flowers["when"]
flowers.to_json(here / "flowers.jsonl", orient="records", lines=True, double_precision=15)
x = rng.normal(size=(40, 2, 3))
y = np.arange(40) % 5
kinds = {kind: (x * 50).astype(kind) for kind in ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", ">f4", ">i8"]}
kinds |= {"f2": x.astype("f2"), "u8": np.abs(x * 50).astype("u8"), "b1": x > 0, "fortran": np.asfortranarray(x)}
expected["arrays"] = {name: array.astype("f8").ravel().tolist() for name, array in kinds.items()}
folder = here / "arrays"
folder.mkdir(exist_ok=True)
for name, array in kinds.items():
    np.save(folder / f"{name.replace('>', 'big_')}.npy", array)
np.save(folder / "y.npy", y)
np.savez(folder / "stored.npz", x=x, y=y)
np.savez_compressed(folder / "packed.npz", x=x, y=y)
with h5py.File(folder / "arrays.h5", "w") as file:
    for name, array in kinds.items():
        packed = {"compression": "gzip", "chunks": (7, 2, 3)} if name in ["f4", "i8"] else {}
        file.create_dataset(f"group/{name}", data=array, track_times=False, **packed)
    file.create_dataset("y", data=y, track_times=False)
    file.create_dataset("text", data=[b"a"] * 40, track_times=False)
    file.create_dataset("one", data=1.0, track_times=False)
    file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
    file.create_dataset("outside", (40,), "f4", external=[("/etc/passwd", 0, 160)])
    layout = h5py.VirtualLayout((40, 2, 3), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (40, 2, 3))
    file.create_virtual_dataset("virtual", layout)
with pa.OSFile(str(here / "flowers.arrow"), "wb") as sink:
    table = pa.Table.from_pandas(flowers, preserve_index=False)
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=25)
with pa.OSFile(str(here / "flowers_stream.arrow"), "wb") as sink:
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
with pa.OSFile(str(here / "train.arrow"), "wb") as sink:
    table = pa.Table.from_pandas(train, preserve_index=False)
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)

# Images of 6 by 4 pixels.
folder = here / "images"
pixels = {}


def image(name, array, mode=None, **options):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    made = Image.fromarray(array)
    (made.convert(mode) if mode else made).save(folder / name, **options)
    pixels[name] = np.asarray(Image.open(folder / name).convert("RGB")).ravel().tolist()


colours = rng.integers(0, 256, (4, 6, 3)).astype("uint8")
image("b/rgb.png", colours)
image("b/grey.png", colours[:, :, 0])
image("b/palette.gif", colours, "P")
image("a/alpha.png", np.dstack([colours, np.full((4, 6), 200, "uint8")]))
image("a/deep/photo.jpg", np.full((4, 6, 3), (200, 100, 50), "uint8"), quality=95)
exif = Image.Exif()
exif[0x0112] = 6
image("c/turned.jpg", np.tile(np.array([[[250, 0, 0]] * 3 + [[0, 0, 250]] * 3], "uint8"), (4, 1, 1)), quality=100, subsampling=0, exif=exif)
(folder / "c/notes.txt").write_text("no image")
expected["images"] = pixels
for k in range(16):
    path = here / "pets" / ["cat", "dog"][k % 2] / f"{k}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (8, 8, 3)).astype("uint8")).save(path)
# For the examples of the documentation.
np.save(here / "x.npy", rng.random((40, 4)).astype("f4"))
np.save(here / "y.npy", np.arange(40, dtype="f4") % 2)
np.savez(here / "train.npz", x_train=rng.random((40, 4)).astype("f4"), y_train=np.arange(40, dtype="f4") % 2)
with h5py.File(here / "train.h5", "w") as file:
    file.create_dataset("images", data=rng.random((40, 4)).astype("f4"), track_times=False)
    file.create_dataset("labels", data=np.arange(40, dtype="f4") % 2, track_times=False)
(here / "expected.json").write_text(json.dumps(expected) + "\n")
