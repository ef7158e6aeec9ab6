"""python csv_pandas.py FILE BATCH: seconds that pandas takes to read a CSV file in parts, and Keras to train on it by tf.data, where they can be imported."""
import json
import sys
import time

import pandas as pd

path, batch = sys.argv[1], int(sys.argv[2])
begin = time.perf_counter()
rows = sum(len(part) for part in pd.read_csv(path, chunksize=100_000, dtype="float32"))
out = {"pandas": time.perf_counter() - begin}
try:
    import keras
    import tensorflow as tf
except ImportError:
    print(json.dumps(out))
    raise SystemExit
model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
lines = tf.data.experimental.CsvDataset(path, [tf.float32] * 21, header=True)
dataset = lines.map(lambda *row: (tf.stack(row[:20]), row[20])).shuffle(10_000).batch(batch).prefetch(2)
begin = time.perf_counter()
model.fit(dataset, verbose=0)
out["keras"] = time.perf_counter() - begin
print(json.dumps(out))
