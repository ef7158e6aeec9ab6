# Runs what onnx_cases.mjs wrote into DIR/onnx on onnxruntime.  python onnx_check.py DIR
import json
import os

import numpy as np
import onnx
import onnxruntime
from common import FOLDER, short, write_results

files = os.path.join(FOLDER, "onnx")


def check(case):
    file = os.path.join(files, case["name"] + ".onnx")
    onnx.checker.check_model(onnx.load(file), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    x = np.array(case["x"], dtype="int32" if case["ids"] else "float32").reshape(case["shape"])
    right = np.array(case["predicted"], dtype="float32").reshape(case["outputShape"])
    name = session.get_inputs()[0].name
    got = session.run(None, {name: x})[0]
    if got.shape != right.shape:
        return f"shape {got.shape}, right: {right.shape}"
    worst = np.abs(got - right).max() / max(1, np.abs(right).max())
    if not worst < 1e-5:
        return f"differs by {worst}"
    # Any number of rows.
    return "ok" if np.allclose(session.run(None, {name: x[:1]})[0], right[:1], atol=1e-4) else "one row differs"


results = []
with open(os.path.join(files, "cases.json")) as file:
    cases = json.load(file)
for case in cases:
    try:
        result = check(case)
    except Exception as error:  # Any: it is what the table shows.
        result = short(error)
    results.append({"what": f".onnx in onnxruntime {onnxruntime.__version__}", "name": case["name"], "result": result})
write_results("onnx", results)
