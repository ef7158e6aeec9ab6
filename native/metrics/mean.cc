#include <algorithm>
#include <cmath>

#include "native/engine/loss.h"
#include "native/kernels/sizes.h"
#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

constexpr int64_t kBlock = 256;

// The mean of a loss over items. spec: that of the loss with { metric: 'mean', negate?, root? } added.
// negate: CosineSimilarity is +cos as a metric where the loss is -cos. root: RootMeanSquaredError.
class LossMean : public MeanState {
 public:
  LossMean(const Value& spec, int64_t width, int64_t labelWidth)
      : loss_(makeLoss(spec, width)), negate_(spec.flag("negate", false)), root_(spec.flag("root", false)) {
    if (loss_->wholeBatch()) badSpec("a loss over the whole batch has no value for each item and cannot be a metric");
    if (loss_->labelWidth != labelWidth)
      badSpec("the metric's loss takes labels of " + std::to_string(loss_->labelWidth) + " elements an item, not " +
              std::to_string(labelWidth));
    if (loss_->preparesBatch()) {
      // Threads share this object, so no state may change in update: one loss is told beforehand that the labels are 0/1,
      // another that they are not, and update picks one.
      binary_ = makeLoss(spec, width);
      const std::vector<float> zeros(asSize(labelWidth), 0.0f), others(asSize(labelWidth), -1.0f);
      binary_->prepare(zeros.data(), 1);
      loss_->prepare(others.data(), 1);
    }
  }

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    const Loss& loss =
        binary_ && std::all_of(yTrue, yTrue + items * labelWidth, [](float y) { return y == 0 || y == 1; }) ? *binary_ : *loss_;
    float values[kBlock], kept[kBlock];
    for (int64_t from = 0; from < items; from += kBlock) {
      const int64_t n = std::min(kBlock, items - from);
      const float* y = yTrue + from * labelWidth;
      const float* w = weights ? weights + from : nullptr;
      loss.values(y, yPred + from * width, n, values);
      if (loss.ignores()) {
        loss.kept(y, n, kept);
        if (w)
          for (int64_t i = 0; i < n; ++i) kept[i] *= w[i];
        w = kept;
      }
      add(state, w, n, [&](int64_t i) { return static_cast<double>(values[i]); });
    }
  }

  std::vector<double> result(const double* state) const override {
    double mean = divideNoNan(state[0], state[1]);
    if (negate_) mean = mean == 0 ? 0 : -mean;  // never -0
    return {root_ ? std::sqrt(mean) : mean};
  }

 private:
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Loss> binary_;  // where the loss asks for the labels of the batch: the one for 0/1 labels
  bool negate_, root_;
};

}  // namespace

std::unique_ptr<Metric> mean(const Value& spec, int64_t width, int64_t labelWidth) {
  return std::make_unique<LossMean>(spec, width, labelWidth);
}

}  // namespace metrics
}  // namespace gemmfit
