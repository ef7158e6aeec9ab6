#pragma once
#include <cstdint>

namespace gemmfit {

// Cross-entropies over the classes of an item.
struct CategoricalShape {
  int64_t items;
  int64_t width;  // classes
};

struct CategoricalOptions {
  bool logits = false;
  // One-hot or soft labels are read as label * labelScale + labelShift: label smoothing.
  float labelScale = 1, labelShift = 0;
  // Sparse labels: the class that does not count.
  bool ignores = false;
  float ignored = 0;
  // Focal: the exponent, and one weight a class.
  float gamma = 2;
  const float* alpha = nullptr;
};

// losses[i] for the items, and grad[i, :] = scale[i] * dloss_i/dp (0 where scale[i] is 0, whatever the derivative).
// Labels are `width` floats an item.
void categoricalValues(const CategoricalOptions&, const CategoricalShape&, const float* y, const float* p, float* losses);
void categoricalGradient(const CategoricalOptions&, const CategoricalShape&, const float* y, const float* p, const float* scale,
                         float* grad);
// Labels are one class number an item. One that is no class gives NaN.
void sparseValues(const CategoricalOptions&, const CategoricalShape&, const float* y, const float* p, float* losses);
void sparseGradient(const CategoricalOptions&, const CategoricalShape&, const float* y, const float* p, const float* scale, float* grad);
// The categorical focal loss; labels as in categoricalValues.
void categoricalFocalValues(const CategoricalOptions&, const CategoricalShape&, const float* y, const float* p, float* losses);
void categoricalFocalGradient(const CategoricalOptions&, const CategoricalShape&, const float* y, const float* p, const float* scale,
                              float* grad);

}  // namespace gemmfit
