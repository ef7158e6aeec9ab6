# safetensors and NumPy read the files of arrays that we wrote.  python arrays.py DIR
import os

import numpy as np
from common import FOLDER, array, cases, short, write_results
from safetensors.numpy import load_file


def same_arrays(case, read, ending):
    """By path: those that our side lists, whatever their order."""
    try:
        arrays = dict(read(os.path.join(FOLDER, f"{case['id']}.{ending}")))
    except Exception as error:  # Any: it is what the table shows.
        return short(error)
    rights = {(tuple(w["shape"]), array(w).tobytes()) for w in case["before"]["weights"]}
    gots = {(v.shape, np.asarray(v, np.float32).tobytes()) for v in arrays.values()}
    return "ok" if rights == gots else "other arrays"  # Sets: Keras lists a normalized kernel twice.


results = []
for case in cases():
    for what, read, ending in ((".safetensors in safetensors", load_file, "safetensors"), (".npz in NumPy", np.load, "npz")):
        results.append({"what": what, "name": case["name"], "result": same_arrays(case, read, ending)})
write_results("arrays", results)
