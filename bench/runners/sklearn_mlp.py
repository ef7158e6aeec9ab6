# scikit-learn's MLPClassifier, an epoch a call. It draws weights of its own and adds 1e-8 where Keras adds 1e-7, so its loss is not compared.
import time
import warnings

from common import BEGAN, MANIFEST, begin_growth, data, run

import sklearn
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings("ignore")
imported = time.perf_counter() - BEGAN
start = time.perf_counter()
x, y = data()
loading = time.perf_counter() - start
y = y.ravel().astype(int)
begin_growth()
model = MLPClassifier(MANIFEST["units"][:-1], solver="adam", alpha=0, batch_size=MANIFEST["batchSize"], max_iter=1, warm_start=True, random_state=0)
epoch = lambda: model.fit(x, y).loss_
run(epoch, epoch, imported, f"scikit-learn {sklearn.__version__}", note="weights of its own", loading=loading)
