#pragma once
#include <cstdint>

namespace gemmfit {

// Losses that are a mean or sum over the last axis of one function of a label and a prediction.
enum class ElementLoss {
  squared,
  absolute,
  percentage,
  squaredLogarithmic,
  logCosh,
  huber,  // delta
  poisson,
  kl,
  hinge,
  squaredHinge,
  binary,        // cross-entropy of probabilities
  binaryLogits,  // and of logits
  focal,         // gamma, positive, negative
  focalLogits,
};

struct ElementShape {
  int64_t items;
  int64_t width;
  bool mean;  // over the width; else the sum
};

struct ElementOptions {
  // Labels are read as label * labelScale + labelShift: label smoothing, or 0/1 taken as -1/+1.
  float labelScale = 1, labelShift = 0;
  float delta = 1;                   // huber
  float gamma = 2;                   // focal
  float positive = 1, negative = 1;  // focal: weights of the two classes
};

// losses[i] for the items, and grad[i, :] = scale[i] * dloss_i/dp (0 where scale[i] is 0, whatever the derivative).
void elementValues(ElementLoss loss, const ElementOptions& options, const ElementShape& shape, const float* y, const float* p,
                   float* losses);
void elementGradient(ElementLoss loss, const ElementOptions& options, const ElementShape& shape, const float* y, const float* p,
                     const float* scale, float* grad);

}  // namespace gemmfit
