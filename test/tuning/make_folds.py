"""Folds of scikit-learn for test/tuning: pip install scikit-learn==1.9.1; python make_folds.py > folds.json"""

import json

import numpy as np
import sklearn
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

rng = np.random.default_rng(3)
cases = []
for n, k in [(10, 2), (11, 3), (23, 5), (40, 7)]:
    y = rng.integers(0, 3, n)
    groups = rng.integers(0, max(k, n // 3), n)
    groups[:k] = np.arange(k)
    x = np.zeros((n, 1))
    case = {"n": n, "k": k, "y": y.tolist(), "groups": groups.tolist()}
    case["kFold"] = [test.tolist() for _, test in KFold(k).split(x)]
    case["stratified"] = [test.tolist() for _, test in StratifiedKFold(k).split(x, y)] if np.bincount(y).max() >= k else None
    case["group"] = [test.tolist() for _, test in GroupKFold(k).split(x, y, groups)]
    cases.append(case)
print(json.dumps({"sklearn": sklearn.__version__, "cases": cases}))
