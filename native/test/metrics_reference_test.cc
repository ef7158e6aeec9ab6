// Metrics against naive references in double, on many shapes, weighted and not, cut into chunks at odd places.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "native/test/metrics_harness.h"

namespace gemmfit {
namespace {

using Array = Value::Array;

struct Data {
  int64_t items, width, labelWidth;
  Floats y, p, w;
  double weight(int64_t i) const { return w.empty() ? 1.0 : w[static_cast<size_t>(i)]; }
  const float* label(int64_t i) const { return y.data() + i * labelWidth; }
  const float* prediction(int64_t i) const { return p.data() + i * width; }
};

// Scores on a coarse grid, so that ties are frequent; labels in {0, 1}, class numbers, or grid values.
enum class Labels { binary, classes, values };
using Reference = std::function<std::vector<double>(const Data&)>;

void check(const Value& spec, Labels labels, const Reference& reference, double offset = 0) {
  Numbers random(7);
  for (const int64_t items : {1, 2, 7, 61, 300})
    for (const int64_t width : {1, 2, 3, 7, 10})
      for (const bool weighted : {false, true}) {
        Data d{items, width, labels == Labels::classes ? 1 : width, {}, {}, {}};
        d.y = labels == Labels::classes ? random.whole(items, width) : random.whole(items * width, labels == Labels::binary ? 2 : 9);
        for (const float v : random.whole(items * width, 16)) d.p.push_back((v + static_cast<float>(offset)) / 16);
        if (weighted)
          for (const float v : random.whole(items, 4)) d.w.push_back(v / 2);
        const std::vector<double> expected = reference(d);
        for (const int64_t chunk : {items, int64_t{1}, int64_t{5}}) {
          const std::vector<double> got = measure(spec, width, d.labelWidth, d.y, d.p, d.w, chunk);
          ASSERT_EQ(got.size(), expected.size());
          for (size_t k = 0; k < got.size(); ++k)
            if (std::isnan(expected[k]))
              ASSERT_TRUE(std::isnan(got[k])) << items << 'x' << width;
            else
              ASSERT_NEAR(got[k], expected[k], 1e-9 * std::max(1.0, std::abs(expected[k])))
                  << items << 'x' << width << " weighted " << weighted;
        }
      }
}

// sum(w v) / sum(w) of a value an item.
Reference meanOf(std::function<double(const float* y, const float* p, int64_t width)> value) {
  return [value](const Data& d) -> std::vector<double> {
    double sum = 0, count = 0;
    for (int64_t i = 0; i < d.items; ++i) {
      sum += d.weight(i) * value(d.label(i), d.prediction(i), d.width);
      count += d.weight(i);
    }
    return {count == 0 ? 0 : sum / count};
  };
}

int64_t firstLargest(const float* x, int64_t n) { return std::max_element(x, x + n) - x; }

TEST(MetricsReference, Accuracies) {
  check(metricSpec("accuracy"), Labels::binary, meanOf([](const float* y, const float* p, int64_t n) {
          double hits = 0;
          for (int64_t j = 0; j < n; ++j) hits += y[j] == p[j];
          return hits / static_cast<double>(n);
        }));
  check(metricSpec("binaryAccuracy", {{"threshold", 0.25}}), Labels::binary, meanOf([](const float* y, const float* p, int64_t n) {
          double hits = 0;
          for (int64_t j = 0; j < n; ++j) hits += (y[j] == 1) == (p[j] > 0.25);
          return hits / static_cast<double>(n);
        }));
  check(metricSpec("categoricalAccuracy"), Labels::values,
        meanOf([](const float* y, const float* p, int64_t n) { return firstLargest(y, n) == firstLargest(p, n) ? 1.0 : 0.0; }));
  check(metricSpec("sparseCategoricalAccuracy"), Labels::classes,
        meanOf([](const float* y, const float* p, int64_t n) { return static_cast<int64_t>(y[0]) == firstLargest(p, n) ? 1.0 : 0.0; }));
}

TEST(MetricsReference, TopK) {
  for (const int k : {1, 3, 5}) {
    const auto among = [k](const float* p, int64_t n, int64_t label) {
      std::vector<float> sorted(p, p + n);
      std::sort(sorted.begin(), sorted.end(), std::greater<float>());
      return k > n || p[label] >= sorted[static_cast<size_t>(k - 1)] ? 1.0 : 0.0;
    };
    check(metricSpec("sparseTopKCategoricalAccuracy", {{"k", k}}), Labels::classes,
          meanOf([=](const float* y, const float* p, int64_t n) { return among(p, n, static_cast<int64_t>(y[0])); }));
    check(metricSpec("topKCategoricalAccuracy", {{"k", k}}), Labels::values,
          meanOf([=](const float* y, const float* p, int64_t n) { return among(p, n, firstLargest(y, n)); }));
  }
}

struct Counts {
  double tp = 0, fp = 0, fn = 0, tn = 0;
};

// Counts at one threshold over the elements that `counts` lets through; only those that `may` allows can be positive.
Counts countAt(
    const Data& d, double threshold, const std::function<bool(int64_t)>& counts = [](int64_t) { return true; }, int64_t topK = 0) {
  Counts c;
  for (int64_t i = 0; i < d.items; ++i) {
    std::vector<int64_t> order;
    for (int64_t j = 0; j < d.width; ++j) order.push_back(j);
    const float* p = d.prediction(i);
    std::stable_sort(order.begin(), order.end(), [p](int64_t a, int64_t b) { return p[a] > p[b]; });
    for (int64_t r = 0; r < d.width; ++r) {
      const int64_t j = order[static_cast<size_t>(r)];
      if (!counts(j)) continue;
      const bool positive = (!topK || r < topK) && static_cast<double>(p[j]) > threshold;
      (d.label(i)[j] != 0 ? (positive ? c.tp : c.fn) : (positive ? c.fp : c.tn)) += d.weight(i);
    }
  }
  return c;
}

double over(double a, double b) { return b == 0 ? 0 : a / b; }
double precisionOf(const Counts& c) { return over(c.tp, c.tp + c.fp); }
double recallOf(const Counts& c) { return over(c.tp, c.tp + c.fn); }
double specificityOf(const Counts& c) { return over(c.tn, c.tn + c.fp); }

TEST(MetricsReference, ConfusionMetrics) {
  const std::vector<double> thresholds{0.5, 0.25, 0.9};
  const auto each = [&](double (*of)(const Counts&)) {
    return [=](const Data& d) {
      std::vector<double> out;
      for (const double t : thresholds) out.push_back(of(countAt(d, t)));
      return out;
    };
  };
  const Value::Object options{{"thresholds", Array{0.5, 0.25, 0.9}}};
  check(metricSpec("truePositives", options), Labels::binary, each([](const Counts& c) { return c.tp; }));
  check(metricSpec("falsePositives", options), Labels::binary, each([](const Counts& c) { return c.fp; }));
  check(metricSpec("trueNegatives", options), Labels::binary, each([](const Counts& c) { return c.tn; }));
  check(metricSpec("falseNegatives", options), Labels::binary, each([](const Counts& c) { return c.fn; }));
  check(metricSpec("precision", options), Labels::binary, each(precisionOf));
  check(metricSpec("recall", options), Labels::values, each(recallOf));
  check(metricSpec("precision", {{"classId", 0}}), Labels::binary,
        [](const Data& d) { return std::vector<double>{precisionOf(countAt(d, 0.5, [](int64_t j) { return j == 0; }))}; });
  for (const int k : {1, 2, 4})
    check(metricSpec("recall", {{"topK", k}}), Labels::binary, [k](const Data& d) {
      return std::vector<double>{recallOf(countAt(
          d, -1, [](int64_t) { return true; }, k))};
    });
}

// Sixteenths shifted by half a step never meet thresholds k/16, where Keras's bucket formula and a comparison could differ.
TEST(MetricsReference, AreasAndBestAt) {
  const auto curve = [](const Data& d) {
    std::vector<Counts> c{countAt(d, -1e-7)};
    for (int k = 1; k < 16; ++k) c.push_back(countAt(d, k / 16.0));
    c.push_back(countAt(d, 1 + 1e-7));
    return c;
  };
  const auto area = [=](const Data& d, double (*x)(const Counts&), double (*y)(const Counts&)) {
    const std::vector<Counts> c = curve(d);
    double sum = 0;
    for (size_t i = 0; i + 1 < c.size(); ++i) sum += (x(c[i]) - x(c[i + 1])) * (y(c[i]) + y(c[i + 1])) / 2;
    return sum;
  };
  const auto fallout = [](const Counts& c) { return over(c.fp, c.fp + c.tn); };
  check(
      metricSpec("auc", {{"numThresholds", 17}}), Labels::binary,
      [=](const Data& d) { return std::vector<double>{area(d, fallout, recallOf)}; }, 0.5);
  check(
      metricSpec("auc", {{"numThresholds", 17}, {"multiLabel", true}}), Labels::binary,
      [=](const Data& d) {
        double sum = 0;
        for (int64_t l = 0; l < d.width; ++l) {
          Data one{d.items, 1, 1, {}, {}, d.w};
          for (int64_t i = 0; i < d.items; ++i) {
            one.y.push_back(d.label(i)[l]);
            one.p.push_back(d.prediction(i)[l]);
          }
          sum += area(one, fallout, recallOf);
        }
        return std::vector<double>{sum / static_cast<double>(d.width)};
      },
      0.5);
  check(
      metricSpec("auc", {{"numThresholds", 17}, {"curve", "PR"}, {"summationMethod", "minoring"}}), Labels::binary,
      [=](const Data& d) {
        const std::vector<Counts> c = curve(d);
        double sum = 0;
        for (size_t i = 0; i + 1 < c.size(); ++i)
          sum += (recallOf(c[i]) - recallOf(c[i + 1])) * std::min(precisionOf(c[i]), precisionOf(c[i + 1]));
        return std::vector<double>{sum};
      },
      0.5);
  const auto best = [=](double (*of)(const Counts&), double (*constrained)(const Counts&)) {
    return [=](const Data& d) {
      double most = 0;
      for (const Counts& c : curve(d))
        if (static_cast<float>(constrained(c)) >= 0.6f) most = std::max(most, of(c));
      return std::vector<double>{most};
    };
  };
  const Value::Object at{{"value", 0.6}, {"numThresholds", 17}};
  check(metricSpec("sensitivityAtSpecificity", at), Labels::binary, best(recallOf, specificityOf), 0.5);
  check(metricSpec("specificityAtSensitivity", at), Labels::binary, best(specificityOf, recallOf), 0.5);
  check(metricSpec("precisionAtRecall", at), Labels::binary, best(precisionOf, recallOf), 0.5);
  check(metricSpec("recallAtPrecision", at), Labels::binary, best(recallOf, precisionOf), 0.5);
}

// Between two thresholds the counts go linearly: the closed form against a sum of a hundred thousand slices.
TEST(MetricsReference, InterpolatedPrecisionRecall) {
  const Floats y{0, 1, 1, 0, 1, 0, 1, 1}, p{0.1f, 0.3f, 0.35f, 0.4f, 0.6f, 0.7f, 0.8f, 0.9f};
  const Data d{8, 1, 1, y, p, {}};
  std::vector<Counts> c{countAt(d, -1e-7), countAt(d, 0.25), countAt(d, 0.5), countAt(d, 0.75), countAt(d, 1.1)};
  double area = 0;
  for (size_t i = 0; i + 1 < c.size(); ++i)
    for (int s = 0; s < 100000; ++s) {
      const double f = (s + 0.5) / 100000;
      const double tp = c[i + 1].tp + f * (c[i].tp - c[i + 1].tp), fp = c[i + 1].fp + f * (c[i].fp - c[i + 1].fp);
      area += over(tp, tp + fp) * (c[i].tp - c[i + 1].tp) / 100000 / 5;
    }
  EXPECT_NEAR(measure(metricSpec("auc", {{"numThresholds", 5}, {"curve", "PR"}}), 1, 1, y, p)[0], area, 1e-8);
}

TEST(MetricsReference, FBetaAndR2) {
  check(metricSpec("fBetaScore", {{"beta", 2}, {"threshold", 0.5}}), Labels::binary, [](const Data& d) {
    std::vector<double> out;
    for (int64_t k = 0; k < d.width; ++k) {
      const Counts c = countAt(d, 0.5, [k](int64_t j) { return j == k; });
      const double precision = c.tp / (c.tp + c.fp + 1e-7), recall = c.tp / (c.tp + c.fn + 1e-7);
      out.push_back(5 * precision * recall / (4 * precision + recall + 1e-7));
    }
    return out;
  });
  check(metricSpec("r2Score", {{"classAggregation", "none"}}), Labels::values, [](const Data& d) {
    std::vector<double> out;
    for (int64_t k = 0; k < d.width; ++k) {
      double weights = 0, sum = 0, sse = 0, total = 0;
      for (int64_t i = 0; i < d.items; ++i) {
        weights += d.weight(i);
        sum += d.weight(i) * d.label(i)[k];
        sse += d.weight(i) * std::pow(d.label(i)[k] - d.prediction(i)[k], 2.0);
      }
      for (int64_t i = 0; i < d.items; ++i) total += d.weight(i) * std::pow(d.label(i)[k] - sum / weights, 2.0);
      out.push_back(weights == 0 ? std::nan("") : total == 0 ? (sse == 0 ? std::nan("") : 0) : 1 - sse / total);
    }
    return out;
  });
}

TEST(MetricsReference, Iou) {
  check(metricSpec("iou", {{"numClasses", 10}, {"sparseYPred", false}}), Labels::classes, [](const Data& d) {
    double sum = 0, present = 0;
    for (int64_t k = 0; k < 10; ++k) {
      double both = 0, either = 0;
      for (int64_t i = 0; i < d.items; ++i) {
        const bool y = static_cast<int64_t>(d.label(i)[0]) == k, p = firstLargest(d.prediction(i), d.width) == k;
        both += y && p ? d.weight(i) : 0;
        either += y || p ? d.weight(i) : 0;
      }
      sum += either == 0 ? 0 : both / either;
      present += either == 0 ? 0 : 1;
    }
    return std::vector<double>{present == 0 ? 0 : sum / present};
  });
}

}  // namespace
}  // namespace gemmfit
