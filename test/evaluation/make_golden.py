"""Numbers of scikit-learn for test/evaluation: pip install scikit-learn==1.9.1; python make_golden.py > golden.json"""

import json
import math

import numpy as np
import sklearn
from sklearn import calibration, metrics

rng = np.random.default_rng(7)


def plain(values):
    return [("inf" if math.isinf(v) else float(v)) for v in np.asarray(values).ravel()]


def binary(n, ties, weighted):
    y = (rng.random(n) < 0.4).astype(int)
    score = 1 / (1 + np.exp(-(2 * y - 1 + 1.5 * rng.standard_normal(n))))
    if ties:
        score = np.round(score * 8) / 8
    w = np.round(rng.random(n) * 3) / 2 if weighted else None
    case = {"y": y.tolist(), "score": plain(score), "weight": None if w is None else w.tolist()}
    for drop in (True, False):
        fpr, tpr, thresholds = metrics.roc_curve(y, score, sample_weight=w, drop_intermediate=drop)
        case["roc" if drop else "rocAll"] = {"fpr": plain(fpr), "tpr": plain(tpr), "thresholds": plain(thresholds)}
    case["auc"] = metrics.roc_auc_score(y, score, sample_weight=w)
    precision, recall, thresholds = metrics.precision_recall_curve(y, score, sample_weight=w)
    case["pr"] = {"precision": plain(precision), "recall": plain(recall), "thresholds": plain(thresholds)}
    case["averagePrecision"] = metrics.average_precision_score(y, score, sample_weight=w)
    case["calibration"] = []
    for strategy, bins in (("uniform", 5), ("quantile", 4), ("uniform", 8)):
        if ties and strategy == "quantile":
            continue
        true, predicted = calibration.calibration_curve(y, score, n_bins=bins, strategy=strategy)
        case["calibration"].append({"strategy": strategy, "bins": bins, "probTrue": plain(true), "probPred": plain(predicted)})
    case["brier"] = metrics.brier_score_loss(y, score)
    return case


def classes(n, k, weighted):
    y = rng.integers(0, k, n)
    guess = np.where(rng.random(n) < 0.7, y, rng.integers(0, k, n))
    guess[guess == 2] = 3  # A class that is never predicted: shares of nothing.
    w = np.round(rng.random(n) * 4) / 2 if weighted else None
    return {
        "y": y.tolist(),
        "guess": guess.tolist(),
        "weight": None if w is None else w.tolist(),
        "matrices": {
            str(norm): metrics.confusion_matrix(y, guess, sample_weight=w, normalize=norm).tolist()
            for norm in (None, "true", "pred", "all")
        },
        "of431": metrics.confusion_matrix(y, guess, labels=[4, 3, 1], sample_weight=w).tolist(),
        "accuracy": metrics.accuracy_score(y, guess, sample_weight=w),
    }


def regression(n, weighted):
    y = rng.standard_normal(n) * 10 + 5
    guess = y + rng.standard_normal(n) * 3 + 0.5
    w = rng.random(n) if weighted else None
    return {
        "y": plain(y),
        "guess": plain(guess),
        "weight": None if w is None else plain(w),
        "mae": metrics.mean_absolute_error(y, guess, sample_weight=w),
        "rmse": metrics.root_mean_squared_error(y, guess, sample_weight=w),
        "r2": metrics.r2_score(y, guess, sample_weight=w),
        "max": metrics.max_error(y, guess),
    }


print(
    json.dumps(
        {
            "sklearn": sklearn.__version__,
            "binary": [binary(40, False, False), binary(60, True, False), binary(50, True, True), binary(30, False, True)],
            "classes": [classes(80, 5, False), classes(60, 5, True)],
            "regression": [regression(30, False), regression(25, True)],
        }
    )
)
