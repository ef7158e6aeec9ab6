"""Runs what onnx_cases.mjs wrote on onnxruntime: python onnx_check.py FOLDER. Last line: onnx: P passed, F failed."""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime

folder = sys.argv[1]
passed = failed = 0
for case in json.load(open(os.path.join(folder, "cases.json"))):
    file = os.path.join(folder, case["name"] + ".onnx")
    try:
        onnx.checker.check_model(onnx.load(file), full_check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        x = np.array(case["x"], dtype="int32" if case["ids"] else "float32").reshape(case["shape"])
        right = np.array(case["predicted"], dtype="float32").reshape(case["outputShape"])
        name = session.get_inputs()[0].name
        got = session.run(None, {name: x})[0]
        assert got.shape == right.shape, f"shape {got.shape}, right: {right.shape}"
        worst = np.abs(got - right).max() / max(1, np.abs(right).max())
        assert worst < 1e-5, f"differs by {worst}"
        # Any number of rows.
        assert np.allclose(session.run(None, {name: x[:1]})[0], right[:1], atol=1e-4), "one row differs"
        passed += 1
    except Exception as error:  # each case is told by itself
        failed += 1
        print(f"{case['name']}: {str(error)[:300]}")
print(f"onnx: {passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
