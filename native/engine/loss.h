#pragma once
#include <cstdint>
#include <memory>

#include "native/engine/shape.h"
#include "native/engine/value.h"

namespace gemmfit {

// A loss as arithmetic on items. An item is one vector along the last axis of the prediction: `width` floats of yPred and
// `labelWidth` floats of yTrue (the same, or 1 for sparse labels). Weights, masks, reductions and class weights are not its
// business: the loss head turns them into one scale an item.
class Loss {
 public:
  virtual ~Loss() = default;
  // losses[i] = l(yTrue_i, yPred_i) for `items` items.
  virtual void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const = 0;
  // grad[i, :] = scale[i] * dl_i/dyPred_i. grad never overlaps yTrue or yPred.
  virtual void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const = 0;
  // Items that count as absent, as a mask does (ignore_class): kept[i] = 0 or 1. Only called when `ignores` is true.
  virtual bool ignores() const { return false; }
  virtual void kept(const float* /*yTrue*/, int64_t /*items*/, float* /*out*/) const {}
  // Some losses look at all labels of the batch first (hinge: are they all 0/1?). Called once a batch, by one thread, before
  // values(), when true. `prepare` gets every label of the batch.
  virtual bool preparesBatch() const { return false; }
  virtual void prepare(const float* /*yTrue*/, int64_t /*items*/) {}
  // The prediction of one sample, for losses that look at more than its last axis. Told once, before all else.
  virtual void setSample(const Shape& /*out*/) {}
  // True for a loss that looks at all rows of a batch at once (Dice and Tversky over several axes, Circle). `width` is then set to the
  // number of elements of the batch before each call (a partial batch has fewer), and there are layout().items losses.
  virtual bool wholeBatch() const { return false; }
  struct Layout {
    int64_t items = 1;  // losses of the batch at hand
    bool rows = false;  // whether each row has losses of its own, items / rows of them, or all rows share them
    int64_t steps = 1;  // how many of a row's (or of the shared) losses the first axes of a sample tell apart
  };
  virtual Layout layout() const { return {}; }
  // Losses of 0 count as absent, as if masked (Circle).
  virtual bool countsAboveZero() const { return false; }

  int64_t width = 1;       // floats of yPred an item
  int64_t labelWidth = 1;  // floats of yTrue an item
};

// The table in native/losses/registry.cc. spec: { loss: 'meanSquaredError', ...options in camelCase }; `width` is the last axis of the
// output.
std::unique_ptr<Loss> makeLoss(const Value& spec, int64_t width);

}  // namespace gemmfit
