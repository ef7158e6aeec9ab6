#pragma once
#include <cstdint>

namespace gemmfit {

// --- Batch normalization. A batch is [outer, channels, inner]: row-major rows of samples, cut at the axis of the channels.
struct ChannelView {
  int64_t channels, inner;
  // 1 where an element counts for the statistics, 0 where it is masked: [outer], or [outer, channels]; null: all count.
  const float* keep = nullptr;
  bool keepPerChannel = false;
  // Of one time step: each sample has `block` rows a step, and a range counts those of this step alone.
  int64_t steps = 1, step = 0, block = 1;

  int64_t row(int64_t outer) const { return steps == 1 ? outer : (outer / block * steps + step) * block + outer % block; }
  // Takes what `row` gives.
  bool keeps(int64_t outer, int64_t channel) const { return !keep || keep[keepPerChannel ? outer * channels + channel : outer] != 0.0f; }
};

// A part of a batch: outer rows [outer, outerEnd) of channels [channel, channelEnd).
struct ChannelRange {
  int64_t outer, outerEnd, channel, channelEnd;
};

// Arguments of one number a channel (centre, scale, sums, ...) point at the range's first channel.

// first[c] = sum of v and second[c] = sum of v * (x - centre[c]) over the range, where v is dy, or x - centre[c] when dy is null.
// Without dy masked elements are left out; with it they count, as their outputs were normalized like all others.
void channelSums(const ChannelView& view, const ChannelRange& range, const float* x, const float* dy, const float* centre, double* first,
                 double* second);

// y = (x - mean) * scale + shift; a null shift is 0. y may be x.
void channelNormalize(const ChannelView& view, const ChannelRange& range, const float* x, const float* mean, const float* scale,
                      const float* shift, float* y);

// dx = scale * (dy - keep * (a + (x - mean) * b)). With a null a: dx = scale * dy, x is not read and dx may be dy.
void channelGradient(const ChannelView& view, const ChannelRange& range, const float* x, const float* dy, const float* mean,
                     const float* scale, const float* a, const float* b, float* dx);

// --- Layer normalization. Groups of n neighbouring elements are normalized each by itself; gamma and beta [n] may be null.
struct GroupNorm {
  int64_t n;
  double epsilon;
  bool centred;  // false: x is scaled by its standard deviation but not moved (Keras's rms_scaling)
  const float* gamma;
  const float* beta;
};

// y = (x - mean) * inverse * gamma + beta, inverse = 1 / sqrt(variance + epsilon). Keeps both of each group where mean is not null.
// y may be x.
void groupNormalize(const GroupNorm& norm, int64_t groups, const float* x, float* mean, float* inverse, float* y);

void groupGradient(const GroupNorm& norm, int64_t groups, const float* x, const float* dy, const float* mean, const float* inverse,
                   float* dx);

// Gradients of gamma and beta at elements [begin, end): sums over groups of dy * normalized x and of dy.
void groupWeightGradients(const GroupNorm& norm, int64_t groups, const float* x, const float* dy, const float* mean, const float* inverse,
                          int64_t begin, int64_t end, double* dgamma, double* dbeta);

}  // namespace gemmfit
