#include <cmath>

#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

constexpr int64_t kMostClasses = 4096;

// Intersection over union from a confusion matrix [true class, predicted class] of weights. Elements whose label or prediction is none of
// the classes are left out, as in Keras 3.
// spec: { numClasses, targetClassIds? (all), ignoreClass?, sparseYTrue? (true), sparseYPred? (true), threshold? }.
// sparse: each element is a class number; else the argmax of an item. threshold: predictions become 0 or 1 first.
class Iou : public Metric {
 public:
  Iou(const Value& spec, int64_t width, int64_t labelWidth)
      : classes_(spec.integer("numClasses")),
        targets_(spec.integers("targetClassIds")),
        hasThreshold_(spec.has("threshold")),
        threshold_(static_cast<float>(spec.number("threshold", 0))),
        ignores_(spec.has("ignoreClass")),
        ignored_(static_cast<float>(spec.number("ignoreClass", 0))),
        sparseTrue_(spec.flag("sparseYTrue", true)),
        sparsePred_(spec.flag("sparseYPred", true)),
        elements_(sparseTrue_ ? labelWidth : 1) {
    if (classes_ < 1 || classes_ > kMostClasses) badSpec("'numClasses' must be from 1 to " + std::to_string(kMostClasses));
    for (const int64_t t : targets_)
      if (t < 0 || t >= classes_) badSpec("target class " + std::to_string(t) + " is not below 'numClasses'");
    if (targets_.empty())
      for (int64_t t = 0; t < classes_; ++t) targets_.push_back(t);
    if (elements_ != (sparsePred_ ? width : 1)) badSpec("labels and predictions give different numbers of classes an item");
  }

  int64_t stateSize() const override { return classes_ * classes_; }

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    for (int64_t i = 0; i < items; ++i) {
      const double w = weights ? weights[i] : 1.0;
      if (w == 0) continue;
      for (int64_t e = 0; e < elements_; ++e) {
        const float y = sparseTrue_ ? yTrue[i * labelWidth + e] : static_cast<float>(argmax(yTrue + i * labelWidth, labelWidth));
        if (ignores_ && std::trunc(y) == ignored_) continue;
        float p = sparsePred_ ? yPred[i * width + e] : static_cast<float>(argmax(yPred + i * width, width));
        if (hasThreshold_) p = p >= threshold_ ? 1.0f : 0.0f;
        if (isClass(y) && isClass(p)) state[static_cast<int64_t>(y) * classes_ + static_cast<int64_t>(p)] += w;
      }
    }
  }

  std::vector<double> result(const double* state) const override {
    double sum = 0;
    int64_t present = 0;
    for (const int64_t t : targets_) {
      double row = 0, column = 0;
      for (int64_t c = 0; c < classes_; ++c) {
        row += state[t * classes_ + c];
        column += state[c * classes_ + t];
      }
      const double both = state[t * classes_ + t], either = row + column - both;
      if (either == 0) continue;  // a class that never occurs does not count
      sum += both / either;
      ++present;
    }
    return {present ? sum / static_cast<double>(present) : 0};
  }

 private:
  // Class numbers are cut towards zero, as a cast to an integer does.
  bool isClass(float v) const { return v > -1 && v < static_cast<float>(classes_); }

  int64_t classes_;
  std::vector<int64_t> targets_;
  bool hasThreshold_;
  float threshold_;
  bool ignores_;
  float ignored_;
  bool sparseTrue_, sparsePred_;
  int64_t elements_;  // class numbers an item
};

}  // namespace

std::unique_ptr<Metric> iou(const Value& spec, int64_t width, int64_t labelWidth) { return std::make_unique<Iou>(spec, width, labelWidth); }

}  // namespace metrics
}  // namespace gemmfit
