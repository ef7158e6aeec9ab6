#include "native/engine/head.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "native/engine/error.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

Head::Head(const Value& spec, const Shape& out, int64_t batch, int64_t maskSteps, const Given* losses, std::vector<Given> metricValuesOf)
    : out_(sizeOf(out)),
      items_(spec.flag("byElement", false) ? out_ : out_ / std::max<int64_t>(1, lastAxis(out))),
      lossItems_(items_),
      itemStride_(items_),
      maskSteps_(maskSteps),
      givenMetrics_(std::move(metricValuesOf)) {
  const int64_t width = out_ / std::max<int64_t>(1, items_);
  missing_ = spec.flag("missing", false);
  const int64_t labelWidth = spec.integer("labelWidth", width);  // elements of a label for each item: 1 for classes by number
  if (labelWidth < 1 || labelWidth > kMostNumbers) throw Error("ERR_SPEC", "labelWidth must be above 0");
  labelSize_ = items_ * labelWidth;
  if (losses) {
    givesLoss_ = true;
    single_ = losses->single;
    lossItems_ = single_ ? 1 : losses->items();
    if (single_ && losses->items() != 1)
      throw Error("ERR_SHAPE", "the loss: one for the whole batch must be a single number; it has shape " + toString(losses->shape));
  }
  if (!losses && maskSteps_ > 0 && items_ % maskSteps_ != 0) maskSteps_ = 0;  // a mask of another rank than the loss does not apply
  if (spec.has("loss")) readLoss(spec, out, labelWidth);
  if (missing_ && (givesLoss_ || whole_ || !givenMetrics_.empty()))
    throw Error("ERR_LOSS", "missingTargets leaves out items, and this loss or a metric has none that stands by itself");
  itemStride_ = std::max(items_, lossItems_);
  for (const Given& g : givenMetrics_)
    if (!g.single) itemStride_ = std::max(itemStride_, g.items());
  for (const Value& m : spec.items("metrics")) addMetric(m, width, labelWidth);
  if (batch < 1) throw Error("ERR_SPEC", "a batch has at least one row");
}

void Head::readLoss(const Value& spec, const Shape& out, int64_t labelWidth) {
  const Value& l = spec.at("loss");
  if (l.text("loss", "") == "given") {
    if (!givesLoss_) throw Error("ERR_SPEC", "the program computes no losses");
  } else {
    givesLoss_ = false;
    loss_ = makeLoss(l, out_ / std::max<int64_t>(1, items_));
    loss_->setSample(out);
    whole_ = loss_->wholeBatch();
    if (maskSteps_ > 0 && !fitsWhole(maskSteps_))
      throw Error("ERR_MASK",
                  "the loss: its 'axis' takes the masked steps together, so that none can be left out. Give it an axis without them.");
    if (!whole_ && labelWidth != loss_->labelWidth) throw Error("ERR_SHAPE", "the labels' size does not fit the loss");
  }
  lossWeight_ = spec.number("lossWeight", 1);
  logits_ = spec.flag("logits", false);
  const std::string r = spec.text("reduction", "sum_over_batch_size");
  if (r == "sum")
    reduction_ = Reduction::sum;
  else if (r == "mean_with_sample_weight")
    reduction_ = Reduction::weightedMean;
  else if (r != "sum_over_batch_size" && r != "mean")
    throw Error("ERR_SPEC", "unknown reduction '" + r + "'");
  needsBatch_ = maskOf(lossItems_) > 0 || leavesOut() || preparesBatch() || whole_ || single_ || reduction_ == Reduction::weightedMean;
}

void Head::addMetric(const Value& m, int64_t width, int64_t labelWidth) {
  MetricEntry e;
  const std::string kind = m.text("metric", "");
  if (kind == "given" || kind == "givenSums") {
    e.given = m.integer("value");
    e.sums = kind == "givenSums";
    if (e.given < 0 || e.given >= static_cast<int64_t>(givenMetrics_.size()))
      throw Error("ERR_SPEC", "the program computes no such metric");
    if (e.sums && !givenMetrics_[asSize(e.given)].single) throw Error("ERR_SPEC", "what a metric sums up is one for the whole batch");
  } else {
    e.metric = makeMetric(m, width, labelWidth);
  }
  e.weighted = m.flag("weighted", false);
  e.logits = m.flag("useLogits", false);
  e.state = metricStates_;
  metricStates_ += e.metric ? e.metric->stateSize() : e.sums ? givenMetrics_[asSize(e.given)].items() : 2;
  metricLogits_ = metricLogits_ || e.logits;
  metrics_.push_back(std::move(e));
}

// Writes itemScale = weight * mask and itemMask = mask for so many items a row; false where all are 1.
bool Head::scales(int64_t begin, int64_t end, int64_t items) {
  const int64_t steps = maskOf(items);
  const bool weighs = weight && (items % weightSteps == 0 || weightSteps == 1);
  if (!weighs && !steps && !leavesOut()) return false;
  const int64_t n = (end - begin) * items, first = begin * itemStride_;
  const int64_t perMask = steps ? items / steps : 1, perWeight = weighs ? std::max<int64_t>(1, items / weightSteps) : 1;
  const float* m = steps ? mask + begin * steps : nullptr;
  const float* w = weighs ? weight + begin * weightSteps : nullptr;
  for (int64_t i = 0; i < n; ++i) {
    itemMask[first + i] = m ? m[i / perMask] : 1.0f;
    if (missing_ && !present(begin * items + i)) itemMask[first + i] = 0;
    itemScale[first + i] = w ? itemMask[first + i] * w[i / perWeight] : itemMask[first + i];
  }
  return true;
}

// Whether no number of an item's label is NaN.
bool Head::present(int64_t item) const {
  const int64_t width = labelSize_ / items_;
  const float* y = label + item * width;
  for (int64_t k = 0; k < width; ++k)
    if (std::isnan(y[k])) return false;
  return true;
}

// What is masked is computed all the same, with a number: 0 times NaN is NaN. The labels lie in the plan's own memory.
void Head::leaveOutMissing(int64_t begin, int64_t end) {
  float* y = const_cast<float*>(label);
  for (int64_t i = begin * labelSize_; i < end * labelSize_; ++i)
    if (std::isnan(y[i])) y[i] = 0;
}

void Head::begin(int64_t rows) {
  if (hasLoss() && !needsBatch_) scale_ = static_cast<float>(lossWeight_ / denominator(0, 0, rows));
}

void Head::prepare(int64_t rows) { loss_->prepare(label, rows * items_); }

// The mean or the sums of a value that ops have computed.
void Head::updateGiven(const MetricEntry& e, double* state, int64_t begin, int64_t end) {
  const Given& g = givenMetrics_[asSize(e.given)];
  const float* v = metricValues[asSize(e.given)];
  const int64_t items = g.items();
  if (g.single) {
    if (begin > 0) return;
    for (int64_t i = 0; i < items; ++i) state[e.sums ? i : 0] += v[i];
    if (!e.sums) state[1] += static_cast<double>(items);
    return;
  }
  const bool scaled = scales(begin, end, items);
  const float* w = !scaled ? nullptr : (e.weighted ? itemScale : itemMask) + begin * itemStride_;
  for (int64_t i = 0; i < (end - begin) * items; ++i) {
    const float one = w ? w[i] : 1.0f;
    if (one == 0) continue;  // what is skipped may be NaN
    state[0] += static_cast<double>(v[begin * items + i]) * one;
    state[1] += one;
  }
}

void Head::updateMetrics(Slot& slot, int64_t begin, int64_t end, bool scaled) {
  const int64_t n = (end - begin) * items_, first = begin * itemStride_;
  const float* y = label + begin * labelSize_;
  for (const MetricEntry& e : metrics_) {
    if (!e.metric) continue;
    const float* w = !scaled ? nullptr : e.weighted ? itemScale + first : maskOf(items_) || missing_ ? itemMask + first : nullptr;
    e.metric->update(slot.metrics.data() + e.state, y, (e.logits ? logits : prediction) + begin * out_, w, n);
  }
  for (const MetricEntry& e : metrics_)
    if (!e.metric) updateGiven(e, slot.metrics.data() + e.state, begin, end);
}

void Head::forward(Slot& slot, int64_t begin, int64_t end) {
  slot.loss = slot.kept = slot.weight = 0;
  if (begin == 0) {
    addedLoss_ = 0;
    for (const Added& a : added) addedLoss_ += *a.value;
  }
  bool scaled = scales(begin, end, items_);
  if (missing_) leaveOutMissing(begin, end);
  updateMetrics(slot, begin, end, scaled);
  if (!hasLoss() || whole_ || single_) return;
  if (!givenMetrics_.empty() || lossItems_ != items_) scaled = scales(begin, end, lossItems_);
  const int64_t n = (end - begin) * lossItems_, first = begin * itemStride_;
  const float* y = label + begin * labelSize_;
  float* l = itemLoss + first;
  if (givesLoss_)
    std::copy_n(given + begin * lossItems_, n, l);
  else
    loss_->values(y, (logits_ ? logits : prediction) + begin * out_, n, l);
  if (ignores()) {
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

void Head::copyLosses(int64_t begin, int64_t end, float* out) const {
  const int64_t n = (end - begin) * lossItems_, first = begin * itemStride_;
  const bool masked = maskOf(lossItems_) > 0 || leavesOut();
  for (int64_t i = 0; i < n; ++i) out[i] = masked && itemMask[first + i] == 0 ? 0.0f : itemLoss[first + i];
}

double Head::denominator(double kept, double weight, int64_t rows) const {
  if (reduction_ == Reduction::sum) return 1;
  if (reduction_ == Reduction::weightedMean) return weight;
  return maskOf(lossItems_) || leavesOut() ? kept : static_cast<double>(rows) * static_cast<double>(lossItems_);
}

Loss::Layout Head::wholeLayout(int64_t rows) const {
  loss_->width = loss_->labelWidth = rows * out_;
  return loss_->layout();
}

int64_t Head::itemFloats(int64_t rows) const { return std::max(rows * itemStride_, whole_ ? wholeLayout(rows).items : 0); }

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

// One loss for the whole batch, which weights of samples and masks scale by their mean.
void Head::combineSingle(int64_t rows) {
  const int64_t steps = std::max<int64_t>({1, weightSteps, maskSteps_});
  double kept = 0, weights = 0;
  for (int64_t i = 0; i < rows * steps; ++i) {
    const int64_t row = i / steps, step = i % steps;
    const double m = maskSteps_ ? mask[row * maskSteps_ + step * maskSteps_ / steps] : 1;
    kept += m;
    weights += weight ? m * weight[row * weightSteps + step * weightSteps / steps] : m;
  }
  const double d = reduction_ == Reduction::sum ? 1 : reduction_ == Reduction::weightedMean ? weights : kept;
  const double all = reduction_ == Reduction::sum && !weight && !maskSteps_ ? 1 : weights;
  scale_ = d != 0 ? static_cast<float>(lossWeight_ * all / d) : 0.0f;
  wholeLoss_ = d != 0 ? static_cast<double>(*given) * (lossWeight_ * all / d) : 0;
}

void Head::combine(const std::vector<Slot>& slots, int64_t chunks, int64_t rows) {
  if (!hasLoss()) return;
  if (single_) return combineSingle(rows);
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
  if (begin == 0)
    for (const Added& a : added)
      if (a.gradient) *a.gradient = 1;
  if (!gradient) return;
  if (single_) {  // one task
    *gradient = scale_;
    return;
  }
  const float* p = logits_ ? logits : prediction;
  if (whole_) {  // one task: the planner gives it all rows
    loss_->gradient(label, p, itemScale, loss_->layout().items, gradient);
    return;
  }
  const int64_t n = (end - begin) * lossItems_, first = begin * itemStride_;
  float* s = itemScale + first;
  if (weight || maskOf(lossItems_) || leavesOut())
    for (int64_t i = 0; i < n; ++i) s[i] *= scale_;
  else
    std::fill(s, s + n, scale_);
  if (givesLoss_)
    std::copy_n(s, n, gradient + begin * lossItems_);
  else
    loss_->gradient(label + begin * labelSize_, p + begin * out_, s, n, gradient + begin * out_);
}

double Head::batchLoss(const std::vector<Slot>& slots, int64_t chunks, int64_t rows) const {
  if (!hasLoss()) return addedLoss_;
  if (whole_ || single_) return wholeLoss_ + addedLoss_;
  double sum = 0, kept = 0, weight = 0;
  for (int64_t c = 0; c < chunks; ++c) {
    sum += slots[asSize(c)].loss;
    kept += slots[asSize(c)].kept;
    weight += slots[asSize(c)].weight;
  }
  const double d = denominator(kept, weight, rows);
  return (d != 0 ? lossWeight_ * sum / d : 0) + addedLoss_;
}

std::vector<std::vector<double>> Head::metricResults(const std::vector<double>& states) const {
  std::vector<std::vector<double>> out;
  for (const MetricEntry& e : metrics_) {
    const double* state = states.data() + e.state;
    if (e.metric)
      out.push_back(e.metric->result(state));
    else if (e.sums)
      out.emplace_back(state, state + givenMetrics_[asSize(e.given)].items());
    else
      out.push_back({state[1] != 0 ? state[0] / state[1] : 0});
  }
  return out;
}

}  // namespace gemmfit
