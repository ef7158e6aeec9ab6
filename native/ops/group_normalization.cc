#include <algorithm>
#include <cmath>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/engine/updater.h"
#include "native/kernels/normalization.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kBlock = 256;          // channels whose numbers are on the stack
constexpr double kFlopsPerElement = 30;  // bound by memory: an element takes the time of so many operations of a product
constexpr int64_t kMostTasks = 16;

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, each sample by itself, with mean and variance of groups of neighbouring
// channels over all other axes. Spec: groups, axis of the channels (the batch dimension is 0), epsilon, scale, center. Weights:
// gamma [channels] if `scale`, beta [channels] if `center`.
class GroupNormalization : public Op {
 public:
  GroupNormalization(const Value& spec, const OpEnv& env) {
    in = out = env.in;
    int64_t axis = spec.integer("axis", -1);
    const int64_t rank = static_cast<int64_t>(in.size());
    axis = axis < 0 ? axis + rank : axis - 1;
    if (axis < 0 || axis >= rank) fail("its axis is not one of the sample's");
    for (int64_t a = 0; a < rank; ++a) (a < axis ? outer_ : a > axis ? view_.inner : view_.channels) *= in[asSize(a)];
    groups_ = spec.integer("groups");
    if (groups_ < 1 || view_.channels % groups_ != 0) fail("its groups do not divide the channels");
    each_ = view_.channels / groups_;
    epsilon_ = spec.number("epsilon", 1e-3);
    takeWeights(spec, env);
    training_ = env.training;
    inPlace = !training_;
    readsX = training_;
    size_ = sizeOf(in);
    flopsPerRow = kFlopsPerElement * static_cast<double>(size_);
    tasks_ = std::clamp<int64_t>(env.batch * view_.channels / 65536, 1, std::min(kMostTasks, ceilDiv(view_.channels, kBlock)));
    if (training_) scratchSpec = {{groups_}, {groups_}};
    if (trainsGamma_ || trainsBeta_) scratchSpec.insert(scratchSpec.end(), 2, Scratch{view_.channels, 0, Scratch::backward});
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    for (int64_t r = begin; r < end; ++r) eachGroups([&](int64_t g, int64_t n) { normalize(r, g, n); });
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx && !trainsGamma_ && !trainsBeta_) return;
    for (int64_t r = begin; r < end; ++r) eachGroups([&](int64_t g, int64_t n) { gradient(r, g, n); });
  }

  int64_t weightTasks() const override { return trainsGamma_ || trainsBeta_ ? tasks_ : 0; }

  // Each sample's part was left behind by its backward pass.
  void weightTask(const Step& step, int64_t task) override {
    took(tasks_ == 1 ? Path::groupNormOneTask : Path::groupNormTasks);
    const int64_t part = ceilDiv(view_.channels, tasks_), last = std::min(view_.channels, (task + 1) * part);
    for (int64_t c = task * part; c < last; c += kBlock) {
      const int64_t n = std::min(kBlock, last - c);
      if (trainsGamma_) handOver(step, gammaId_, scratch[2], c, n);
      if (trainsBeta_) handOver(step, betaId_, scratch[3], c, n);
    }
  }

 private:
  [[noreturn]] static void fail(const char* what) { throw Error("ERR_SPEC", std::string("groupNormalization: ") + what); }

  void takeWeights(const Value& spec, const OpEnv& env) {
    const bool scale = spec.flag("scale", true), center = spec.flag("center", true);
    if (env.weights.size() != (scale ? 1u : 0u) + (center ? 1u : 0u)) fail("its weights are not gamma and beta");
    for (const VariablePtr& w : env.weights)
      if (w->size != view_.channels) fail("its weights do not have the size of its axis");
    if (scale) {
      take(env.weights[0], &gamma_);
      gammaId_ = env.weightIds[0];
      trainsGamma_ = env.trainable[0];
    }
    if (center) {
      take(env.weights.back(), &beta_);
      betaId_ = env.weightIds.back();
      trainsBeta_ = env.trainable.back();
    }
  }

  // As many groups at a time as have their channels in a block; a larger group by itself, in several blocks.
  template <class F>
  void eachGroups(F&& f) const {
    const int64_t many = std::max<int64_t>(1, kBlock / each_);
    for (int64_t g = 0; g < groups_; g += many) f(g, std::min(many, groups_ - g));
  }
  // f(first channel, number) for blocks of the channels of groups [group, group + n).
  template <class F>
  void eachBlock(int64_t group, int64_t n, F&& f) const {
    for (int64_t c = group * each_; c < (group + n) * each_; c += kBlock) f(c, std::min(kBlock, (group + n) * each_ - c));
  }

  void normalize(int64_t row, int64_t group, int64_t n) {
    const float* sample = x + row * size_;
    double first[kBlock], second[kBlock], sums[kBlock] = {}, squares[kBlock] = {};
    float middle[kBlock], scale[kBlock], shift[kBlock], mean[kBlock], inverse[kBlock];
    // Around one of its own elements a group's squares do not cancel.
    const auto centre = [&](int64_t g) { return sample[g * each_ * view_.inner]; };
    eachBlock(group, n, [&](int64_t c, int64_t channels) {
      for (int64_t i = 0; i < channels; ++i) middle[i] = centre((c + i) / each_);
      channelSums(view_, {0, outer_, c, c + channels}, sample, nullptr, middle, first, second);
      for (int64_t i = 0; i < channels; ++i) {
        sums[(c + i) / each_ - group] += first[i];
        squares[(c + i) / each_ - group] += second[i];
      }
    });
    const double elements = static_cast<double>(each_ * outer_ * view_.inner);
    for (int64_t g = 0; g < n; ++g) {
      const double variance = (squares[g] - sums[g] * sums[g] / elements) / elements;
      mean[g] = static_cast<float>(centre(group + g) + sums[g] / elements);
      inverse[g] = static_cast<float>(1 / std::sqrt((variance < 0 ? 0.0 : variance) + epsilon_));
      if (!training_) continue;
      scratch[0][row * groups_ + group + g] = mean[g];
      scratch[1][row * groups_ + group + g] = inverse[g];
    }
    eachBlock(group, n, [&](int64_t c, int64_t channels) {
      for (int64_t i = 0; i < channels; ++i) {
        const int64_t g = (c + i) / each_ - group;
        middle[i] = mean[g];
        scale[i] = inverse[g] * (gamma_ ? gamma_[c + i] : 1.0f);
        shift[i] = beta_ ? beta_[c + i] : 0.0f;
      }
      channelNormalize(view_, {0, outer_, c, c + channels}, sample, middle, scale, shift, y + row * size_);
    });
  }

  void gradient(int64_t row, int64_t group, int64_t n) {
    const int64_t at = row * size_;
    const float* mean = scratch[0] + row * groups_ + group;
    const float* inverse = scratch[1] + row * groups_ + group;
    double first[kBlock], second[kBlock], sums[kBlock] = {}, products[kBlock] = {};
    float middle[kBlock], scale[kBlock], slope[kBlock], shift[kBlock];
    const auto gamma = [&](int64_t c) { return gamma_ ? gamma_[c] : 1.0f; };
    eachBlock(group, n, [&](int64_t c, int64_t channels) {
      for (int64_t i = 0; i < channels; ++i) middle[i] = mean[(c + i) / each_ - group];
      channelSums(view_, {0, outer_, c, c + channels}, x + at, dy + at, middle, first, second);
      for (int64_t i = 0; i < channels; ++i) {
        const int64_t g = (c + i) / each_ - group;
        sums[g] += first[i] * gamma(c + i);
        products[g] += second[i] * gamma(c + i);
        if (!trainsGamma_ && !trainsBeta_) continue;
        scratch[2][row * view_.channels + c + i] = static_cast<float>(second[i] * inverse[g]);
        scratch[3][row * view_.channels + c + i] = static_cast<float>(first[i]);
      }
    });
    if (!dx) return;
    const double elements = static_cast<double>(each_ * outer_ * view_.inner);
    eachBlock(group, n, [&](int64_t c, int64_t channels) {
      for (int64_t i = 0; i < channels; ++i) {
        const int64_t g = (c + i) / each_ - group;
        const double inv = inverse[g];
        middle[i] = mean[g];
        scale[i] = inverse[g] * gamma(c + i);
        slope[i] = static_cast<float>(-inv * inv * inv * products[g] / elements);
        shift[i] = static_cast<float>(-inv * sums[g] / elements);
      }
      for (int64_t o = 0; o < outer_; ++o) {
        const int64_t from = at + (o * view_.channels + c) * view_.inner;
        const float* xs = x + from;
        const float* gs = dy + from;
        float* to = dx + from;
        if (view_.inner == 1)
          for (int64_t i = 0; i < channels; ++i) to[i] = gs[i] * scale[i] + ((xs[i] - middle[i]) * slope[i] + shift[i]);
        else
          for (int64_t i = 0; i < channels; ++i, xs += view_.inner, gs += view_.inner, to += view_.inner)
            for (int64_t e = 0; e < view_.inner; ++e) to[e] = gs[e] * scale[i] + ((xs[e] - middle[i]) * slope[i] + shift[i]);
      }
    });
  }

  void handOver(const Step& step, int weight, const float* parts, int64_t c, int64_t n) const {
    double sum[kBlock] = {};
    for (int64_t r = 0; r < step.rows; ++r)
      for (int64_t i = 0; i < n; ++i) sum[i] += parts[r * view_.channels + c + i];
    float* g = step.updater->tile(weight, c, n);
    for (int64_t i = 0; i < n; ++i) g[i] = static_cast<float>(sum[i]);
    step.updater->done(weight, c, n, g);
  }

  ChannelView view_{1, 1};
  int64_t outer_ = 1, groups_ = 1, each_ = 1, size_ = 1, tasks_ = 1;
  double epsilon_ = 1e-3;
  const float* gamma_ = nullptr;
  const float* beta_ = nullptr;
  int gammaId_ = -1, betaId_ = -1;
  bool training_ = false, trainsGamma_ = false, trainsBeta_ = false;
};

}  // namespace

std::unique_ptr<Op> groupNormalization(const Value& spec, const OpEnv& env) { return std::make_unique<GroupNormalization>(spec, env); }

}  // namespace gemmfit::ops
