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
  // A value that ops of the program compute for it.
  struct Given {
    Shape shape;  // of a sample, or of all
    bool single = false;
    int64_t items() const { return sizeOf(shape); }
  };
  // `missing` leaves out labels that are NaN: of the items `out` has, or (`byElement`) each number by itself.
  // spec: { missing?, byElement?, loss?: {...}, lossWeight?, reduction?, logits?: bool, metrics?: [{...,weighted,logits}] }. The loss {
  // loss: 'given' } is what ops have computed; so is the metric { metric: 'given', value } the mean of the value of that number, and
  // 'givenSums' are sums of it.
  Head(const Value& spec, const Shape& out, int64_t batch, int64_t maskSteps, const Given* losses = nullptr,
       std::vector<Given> metricValues = {});

  bool hasLoss() const { return loss_ != nullptr || givesLoss_; }
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
  const float* mask = nullptr;   // [rows, maskSteps]
  float* gradient = nullptr;     // of the prediction, the logits or the losses that ops compute; null where it reaches no weight
  const float* given = nullptr;  // losses that ops compute
  std::vector<const float*> metricValues;
  struct Added {
    const float* value = nullptr;
    float* gradient = nullptr;  // null where it reaches no weight
  };
  std::vector<Added> added;   // single numbers that are added to the loss
  float* itemLoss = nullptr;  // [itemFloats(batch)]
  float* itemScale = nullptr;
  float* itemMask = nullptr;
  int64_t itemsPerRow() const { return lossItems_; }
  int64_t itemFloats(int64_t rows) const;  // room for the items of so many rows
  void checkWeights(int64_t steps) const;  // throws where so many weights a row do not fit the items

  bool preparesBatch() const { return loss_ && loss_->preparesBatch(); }
  bool wholeBatch() const { return whole_ || single_; }
  void begin(int64_t rows);                              // once a batch, by the leader, first of all
  void prepare(int64_t rows);                            // once a batch, by one thread, when all labels are there
  void forward(Slot& slot, int64_t begin, int64_t end);  // losses and metrics of the rows
  // Losses of the items of these rows, which `forward` has just computed; 0 where a mask leaves one out.
  void copyLosses(int64_t begin, int64_t end, float* out) const;
  bool hasItemLosses() const { return hasLoss() && !whole_ && !single_; }
  void combine(const std::vector<Slot>& slots, int64_t chunks, int64_t rows);            // the batch's denominator
  void backward(int64_t begin, int64_t end);                                             // gradient of the rows
  double batchLoss(const std::vector<Slot>& slots, int64_t chunks, int64_t rows) const;  // weighted by lossWeight
  std::vector<std::vector<double>> metricResults(const std::vector<double>& states) const;

 private:
  struct MetricEntry {
    std::unique_ptr<Metric> metric;
    bool weighted = false, logits = false;
    int64_t state = 0;
    int64_t given = -1;  // the value that it is the mean or the sums of
    bool sums = false;
  };
  void addMetric(const Value& spec, int64_t width, int64_t labelWidth);
  void updateMetrics(Slot& slot, int64_t begin, int64_t end, bool scaled);
  void updateGiven(const MetricEntry& e, double* state, int64_t begin, int64_t end);
  void combineSingle(int64_t rows);
  void readLoss(const Value& spec, const Shape& out, int64_t labelWidth);
  double denominator(double kept, double weight, int64_t rows) const;
  bool ignores() const { return loss_ && loss_->ignores(); }
  int64_t maskOf(int64_t items) const { return maskSteps_ > 0 && items % maskSteps_ == 0 ? maskSteps_ : 0; }
  bool present(int64_t item) const;
  void leaveOutMissing(int64_t begin, int64_t end);
  bool leavesOut() const { return ignores() || missing_; }
  bool scales(int64_t begin, int64_t end, int64_t items);
  Loss::Layout wholeLayout(int64_t rows) const;
  bool fitsWhole(int64_t steps) const;
  void combineWhole(int64_t rows);

  std::unique_ptr<Loss> loss_;
  enum class Reduction { mean, sum, weightedMean } reduction_ = Reduction::mean;
  double lossWeight_ = 1;
  bool logits_ = false, metricLogits_ = false, needsBatch_ = false, whole_ = false;
  bool missing_ = false;                     // labels that are NaN are left out
  bool givesLoss_ = false, single_ = false;  // ops compute the loss; one for the whole batch
  int64_t out_, items_, lossItems_, itemStride_, maskSteps_, labelSize_ = 0, metricStates_ = 0;
  std::vector<Given> givenMetrics_;
  double addedLoss_ = 0;
  int64_t sampleLabel_ = 0;
  double wholeLoss_ = 0;  // of the batch at hand, where the loss looks at all of it at once
  float scale_ = 1;       // lossWeight / denominator of this batch
  std::vector<MetricEntry> metrics_;
};

}  // namespace gemmfit
