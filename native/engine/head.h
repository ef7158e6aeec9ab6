#pragma once
#include <memory>
#include <vector>

#include "native/engine/loss.h"
#include "native/engine/metric.h"
#include "native/engine/op.h"

namespace gemmfit {

// What one row chunk sums up in a step. Chunks are cut by shapes alone and merged in their order, in double.
struct alignas(64) Slot {
  double loss = 0;              // sum of weight * loss over items
  double kept = 0;              // items that count: the mask's sum
  double weight = 0;            // sum of weights of the items that count
  double penalty = 0;           // activity regularization
  std::vector<double> metrics;  // states of all metrics, one after the other, over the whole epoch
};

// The end of the program: loss, its gradient, and the metrics, on row chunks. Weights, masks, class weights and reductions
// become one scale an item here, so that a loss is only arithmetic.
class Head {
 public:
  // spec: { loss?: {...}, lossWeight?, reduction?, logits?: bool, metrics?: [{...,weighted,logits}] }
  Head(const Value& spec, const Shape& out, int64_t batch, int64_t maskSteps);

  bool hasLoss() const { return loss_ != nullptr; }
  bool usesLogits() const { return logits_; }  // the loss reads the last op's input
  bool wantsLogits() const { return logits_ || metricLogits_; }
  // The loss of an item depends on others of the batch (a mask's count, labels of the whole batch): the pass over the rows is then
  // cut in two, with `combine` between.
  bool needsBatch() const { return needsBatch_; }
  int64_t labelSize() const { return labelSize_; }
  int64_t metricStates() const { return metricStates_; }

  // Wiring, as for an op.
  const float* prediction = nullptr;
  const float* logits = nullptr;
  const float* label = nullptr;
  const float* weight = nullptr;  // [rows, weightSteps]
  int64_t weightSteps = 0;
  const float* mask = nullptr;  // [rows, maskSteps]
  float* gradient = nullptr;    // of the prediction, or of the logits
  float* itemLoss = nullptr;    // [itemFloats(batch)]
  float* itemScale = nullptr;
  float* itemMask = nullptr;
  int64_t itemsPerRow() const { return items_; }
  int64_t itemFloats(int64_t rows) const;  // room for the items of so many rows
  void checkWeights(int64_t steps) const;  // throws where so many weights a row do not fit the items

  bool preparesBatch() const { return loss_ && loss_->preparesBatch(); }
  bool wholeBatch() const { return whole_; }
  void begin(int64_t rows);                                                    // once a batch, by the leader, first of all
  void prepare(int64_t rows);                                                  // once a batch, by one thread, when all labels are there
  void forward(Slot& slot, int64_t begin, int64_t end);                        // losses and metrics of the rows
  void combine(const std::vector<Slot>& slots, int64_t chunks, int64_t rows);  // the batch's denominator
  void backward(int64_t begin, int64_t end);                                   // gradient of the rows
  double batchLoss(const std::vector<Slot>& slots, int64_t chunks, int64_t rows) const;  // weighted by lossWeight
  std::vector<std::vector<double>> metricResults(const std::vector<double>& states) const;

 private:
  struct MetricEntry {
    std::unique_ptr<Metric> metric;
    bool weighted = false, logits = false;
    int64_t state = 0;
  };
  double denominator(double kept, double weight, int64_t rows) const;
  bool scales(int64_t begin, int64_t end);
  Loss::Layout wholeLayout(int64_t rows) const;
  bool fitsWhole(int64_t steps) const;
  void combineWhole(int64_t rows);

  std::unique_ptr<Loss> loss_;
  enum class Reduction { mean, sum, weightedMean } reduction_ = Reduction::mean;
  double lossWeight_ = 1;
  bool logits_ = false, metricLogits_ = false, needsBatch_ = false, whole_ = false;
  int64_t out_, items_, maskSteps_, labelSize_ = 0, metricStates_ = 0;
  int64_t sampleLabel_ = 0;
  double wholeLoss_ = 0;  // of the batch at hand, where the loss looks at all of it at once
  float scale_ = 1;       // lossWeight / denominator of this batch
  std::vector<MetricEntry> metrics_;
};

}  // namespace gemmfit
