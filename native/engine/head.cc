#include "native/engine/head.h"

#include <algorithm>
#include <string>

#include "native/engine/error.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

Head::Head(const Value& spec, const Shape& out, int64_t batch, int64_t maskSteps)
    : out_(sizeOf(out)), items_(out_ / std::max<int64_t>(1, lastAxis(out))), maskSteps_(maskSteps) {
  const int64_t width = lastAxis(out);
  const int64_t labelWidth = spec.integer("labelWidth", width);  // elements of a label for each item: 1 for classes by number
  if (labelWidth < 1 || labelWidth > kMostNumbers) throw Error("ERR_SPEC", "labelWidth must be above 0");
  labelSize_ = items_ * labelWidth;
  if (maskSteps_ > 0 && items_ % maskSteps_ != 0) maskSteps_ = 0;  // a mask of another rank than the loss does not apply
  if (spec.has("loss")) {
    const Value& l = spec.at("loss");
    loss_ = makeLoss(l, width);
    loss_->setSample(out);
    whole_ = loss_->wholeBatch();
    if (maskSteps_ > 0 && !fitsWhole(maskSteps_))
      throw Error("ERR_MASK",
                  "the loss: its 'axis' takes the masked steps together, so that none can be left out. Give it an axis without them.");
    lossWeight_ = spec.number("lossWeight", 1);
    logits_ = spec.flag("logits", false);
    const std::string r = spec.text("reduction", "sum_over_batch_size");
    if (r == "sum")
      reduction_ = Reduction::sum;
    else if (r == "mean_with_sample_weight")
      reduction_ = Reduction::weightedMean;
    else if (r != "sum_over_batch_size" && r != "mean")
      throw Error("ERR_SPEC", "unknown reduction '" + r + "'");
    if (!whole_ && labelWidth != loss_->labelWidth) throw Error("ERR_SHAPE", "the labels' size does not fit the loss");
    needsBatch_ = maskSteps_ > 0 || loss_->ignores() || loss_->preparesBatch() || whole_ || reduction_ == Reduction::weightedMean;
  }
  for (const Value& m : spec.items("metrics")) {
    MetricEntry e;
    e.metric = makeMetric(m, width, labelWidth);
    e.weighted = m.flag("weighted", false);
    e.logits = m.flag("useLogits", false);
    e.state = metricStates_;
    metricStates_ += e.metric->stateSize();
    metricLogits_ = metricLogits_ || e.logits;
    metrics_.push_back(std::move(e));
  }
  if (batch < 1) throw Error("ERR_SPEC", "a batch has at least one row");
}

// Writes itemScale = weight * mask and itemMask = mask for the rows' items; false where all are 1.
bool Head::scales(int64_t begin, int64_t end) {
  const bool ignores = loss_ && loss_->ignores();
  if (!weight && !maskSteps_ && !ignores) return false;
  const int64_t first = begin * items_, n = (end - begin) * items_;
  const int64_t perMask = maskSteps_ ? items_ / maskSteps_ : 1, perWeight = weight ? std::max<int64_t>(1, items_ / weightSteps) : 1;
  for (int64_t i = first; i < first + n; ++i) {
    itemMask[i] = maskSteps_ ? mask[i / perMask] : 1.0f;
    itemScale[i] = weight ? itemMask[i] * weight[i / perWeight] : itemMask[i];
  }
  return true;
}

void Head::begin(int64_t rows) {
  if (loss_ && !needsBatch_) scale_ = static_cast<float>(lossWeight_ / denominator(0, 0, rows));
}

void Head::prepare(int64_t rows) { loss_->prepare(label, rows * items_); }

void Head::forward(Slot& slot, int64_t begin, int64_t end) {
  const int64_t n = (end - begin) * items_, first = begin * items_;
  slot.loss = slot.kept = slot.weight = 0;
  const bool scaled = scales(begin, end);
  const float* y = label + begin * labelSize_;
  const float* p = prediction + begin * out_;
  const float* z = logits ? logits + begin * out_ : nullptr;
  for (const MetricEntry& e : metrics_) {
    const float* w = !scaled ? nullptr : e.weighted ? itemScale + first : maskSteps_ ? itemMask + first : nullptr;
    e.metric->update(slot.metrics.data() + e.state, y, e.logits ? z : p, w, n);
  }
  if (!loss_ || whole_) return;
  float* l = itemLoss + first;
  loss_->values(y, logits_ ? z : p, n, l);
  if (loss_->ignores()) {
    loss_->kept(y, n, itemMask + first);
    for (int64_t i = first; i < first + n; ++i) {
      const float m = maskSteps_ ? mask[i / (items_ / maskSteps_)] : 1.0f;
      itemMask[i] *= m;
      itemScale[i] *= itemMask[i];
    }
  }
  double sum = 0, kept = 0, weights = 0;
  if (scaled) {
    for (int64_t i = 0; i < n; ++i) {
      // A skipped item's loss may be NaN or infinite; it counts as absent, not as 0 * NaN.
      if (itemScale[first + i] != 0) sum += static_cast<double>(l[i]) * itemScale[first + i];
      kept += itemMask[first + i];
      weights += itemScale[first + i];
    }
  } else {
    for (int64_t i = 0; i < n; ++i) sum += l[i];
    kept = weights = static_cast<double>(n);
  }
  slot.loss = sum;
  slot.kept = kept;
  slot.weight = weights;
}

double Head::denominator(double kept, double weight, int64_t rows) const {
  if (reduction_ == Reduction::sum) return 1;
  if (reduction_ == Reduction::weightedMean) return weight;
  return maskSteps_ || loss_->ignores() ? kept : static_cast<double>(rows) * static_cast<double>(items_);
}

Loss::Layout Head::wholeLayout(int64_t rows) const {
  loss_->width = loss_->labelWidth = rows * out_;
  return loss_->layout();
}

int64_t Head::itemFloats(int64_t rows) const { return std::max(rows * items_, whole_ ? wholeLayout(rows).items : 0); }

// Losses that rows share take a factor of each row only where there is one loss, and one of each step where the steps are what is told
// apart.
bool Head::fitsWhole(int64_t steps) const {
  if (!whole_ || steps == 0) return true;
  const Loss::Layout l = wholeLayout(1);
  return l.rows ? l.steps % steps == 0 : l.items == 1 || (steps == l.items && l.steps == l.items);
}

void Head::checkWeights(int64_t steps) const {
  if (fitsWhole(steps)) return;
  const Loss::Layout l = wholeLayout(1);
  throw Error("ERR_WEIGHTS", "sampleWeight or classWeight: " + std::to_string(steps) + (steps == 1 ? " weight" : " weights") +
                                 " a sample cannot scale this loss, whose 'axis' leaves " + std::to_string(l.items) +
                                 (l.rows ? " values a sample" : " values that all samples share") +
                                 ". Leave the weights out, or give the loss another 'axis'.");
}

// Weights and masks scale a loss by their sum over all rows and steps that share it; where nothing is shared, by their own.
void Head::combineWhole(int64_t rows) {
  const Loss::Layout l = wholeLayout(rows);
  loss_->values(label, logits_ ? logits : prediction, l.items, itemLoss);
  const int64_t perRow = l.rows ? l.items / rows : l.items;
  const int64_t places = l.rows ? perRow : std::max<int64_t>({1, maskSteps_, weightSteps});
  const auto weightAt = [&](int64_t row, int64_t place) {
    return weight ? weight[row * weightSteps + place * weightSteps / places] : 1.0f;
  };
  const auto maskAt = [&](int64_t row, int64_t place) { return maskSteps_ ? mask[row * maskSteps_ + place * maskSteps_ / places] : 1.0f; };
  const bool scaled = weight || maskSteps_ > 0;
  double kept = 0, weights = 0;
  std::fill(itemScale, itemScale + l.items, scaled || l.rows ? 0.0f : 1.0f);
  if (scaled || l.rows) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t p = 0; p < places; ++p) {
        const int64_t item = l.rows ? r * perRow + p : p % l.items;
        float m = maskAt(r, p);
        if (loss_->countsAboveZero() && itemLoss[item] == 0) m = 0;
        const float w = weightAt(r, p) * m;
        itemScale[item] += w;
        kept += m;
        weights += w;
      }
    }
  } else {
    kept = weights = static_cast<double>(l.items);
  }
  if (l.items == 1 && !l.rows) itemScale[0] = static_cast<float>(weights);  // summed in double
  const double d = reduction_ == Reduction::sum ? 1 : reduction_ == Reduction::weightedMean ? weights : kept;
  wholeLoss_ = 0;
  scale_ = d != 0 ? static_cast<float>(lossWeight_ / d) : 0.0f;
  for (int64_t i = 0; i < l.items; ++i) {
    // A skipped item's loss may be NaN; it counts as absent.
    if (itemScale[i] != 0 && d != 0) wholeLoss_ += static_cast<double>(itemLoss[i]) * itemScale[i] * (lossWeight_ / d);
    itemScale[i] *= scale_;
  }
}

void Head::combine(const std::vector<Slot>& slots, int64_t chunks, int64_t rows) {
  if (!loss_) return;
  if (whole_) return combineWhole(rows);
  double kept = 0, weight = 0;
  for (int64_t c = 0; c < chunks; ++c) {
    kept += slots[asSize(c)].kept;
    weight += slots[asSize(c)].weight;
  }
  const double d = denominator(kept, weight, rows);
  scale_ = d != 0 ? static_cast<float>(lossWeight_ / d) : 0.0f;
}

void Head::backward(int64_t begin, int64_t end) {
  const float* p = logits_ ? logits : prediction;
  if (whole_) {  // one task: the planner gives it all rows
    loss_->gradient(label, p, itemScale, loss_->layout().items, gradient);
    return;
  }
  const int64_t n = (end - begin) * items_, first = begin * items_;
  float* s = itemScale + first;
  if (weight || maskSteps_ || loss_->ignores())
    for (int64_t i = 0; i < n; ++i) s[i] *= scale_;
  else
    std::fill(s, s + n, scale_);
  loss_->gradient(label + begin * labelSize_, p + begin * out_, s, n, gradient + begin * out_);
}

double Head::batchLoss(const std::vector<Slot>& slots, int64_t chunks, int64_t rows) const {
  if (!loss_) return 0;
  if (whole_) return wholeLoss_;
  double sum = 0, kept = 0, weight = 0;
  for (int64_t c = 0; c < chunks; ++c) {
    sum += slots[asSize(c)].loss;
    kept += slots[asSize(c)].kept;
    weight += slots[asSize(c)].weight;
  }
  const double d = denominator(kept, weight, rows);
  return d != 0 ? lossWeight_ * sum / d : 0;
}

std::vector<std::vector<double>> Head::metricResults(const std::vector<double>& states) const {
  std::vector<std::vector<double>> out;
  for (const MetricEntry& e : metrics_) out.push_back(e.metric->result(states.data() + e.state));
  return out;
}

}  // namespace gemmfit
