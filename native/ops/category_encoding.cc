#include <algorithm>
#include <atomic>
#include <cstdint>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kMostIds = int64_t{1} << 24;  // as many whole numbers from 0 on are exact in float32
constexpr int64_t kNone = INT64_MAX;

// Ids as vectors of `tokens` numbers. oneHot: a vector for each id, [..., ids] -> [..., ids, tokens], a last axis of 1 being dropped.
// multiHot and count: one for all ids of a sample, [ids] -> [tokens]: 1 where an id occurs, or how often. Ids outside count nowhere; with
// `refuses` one below 0 ends the run when the stage has ended. Weight, where there is one: what a count is multiplied by, [tokens].
class CategoryEncoding : public Op {
 public:
  CategoryEncoding(const Value& spec, const OpEnv& env) : tokens_(spec.integer("tokens")), refuses_(spec.flag("refuses", false)) {
    const std::string mode = spec.text("mode", "multi_hot");
    if (mode != "one_hot" && mode != "multi_hot" && mode != "count")
      throw Error("ERR_SPEC", "categoryEncoding: there is no mode '" + mode + "'");
    if (tokens_ < 1 || tokens_ > kMostIds) throw Error("ERR_SPEC", "categoryEncoding: tokens must be 1 to 2^24");
    counts_ = mode == "count";
    in = out = env.in;
    if (mode == "one_hot") {
      if (!out.empty() && out.back() == 1) out.pop_back();
      vectors_ = sizeOf(in);
      out.push_back(tokens_);
    } else {
      if (in.size() > 1)
        throw Error("ERR_SPEC", "categoryEncoding: with multi_hot and count samples are of rank 1; got shape " + toString(in));
      ids_ = sizeOf(in);
      out = {tokens_};
    }
    sizeOf(out);  // refuses what is too large
    if (!env.weights.empty()) {
      if (env.weights[0]->size != tokens_) throw Error("ERR_SPEC", "categoryEncoding: its weight is not [tokens]");
      take(env.weights[0], &weights_);
    }
    mask = Mask::drop;
    flopsPerRow = 4 * static_cast<double>(sizeOf(out)) + 8 * static_cast<double>(ids_ * vectors_);
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    for (int64_t v = begin * vectors_; v < end * vectors_; ++v) {
      float* to = y + v * tokens_;
      std::fill(to, to + tokens_, 0.0f);
      for (int64_t i = v * ids_; i < (v + 1) * ids_; ++i) put(x[i], to, i);
    }
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) std::fill(dx + begin * sizeOf(in), dx + end * sizeOf(in), 0.0f);
  }

  bool checksData() const override { return refuses_; }
  DataFault fault() override {
    const int64_t at = wrong_.exchange(kNone);
    if (at == kNone) return {};
    return {at / (ids_ * vectors_), "an id below 0, which categoryEncoding takes for none"};
  }

 private:
  void put(float value, float* to, int64_t at) {
    if (!(value >= 0.0f)) {
      if (refuses_ && value <= -1.0f) note(at);
      return;
    }
    if (value >= static_cast<float>(tokens_)) return;
    const auto id = static_cast<int64_t>(value);
    if (weights_)
      to[id] += weights_[id];
    else
      to[id] = counts_ ? to[id] + 1.0f : 1.0f;
  }
  void note(int64_t at) {
    int64_t least = wrong_.load(std::memory_order_relaxed);
    while (at < least && !wrong_.compare_exchange_weak(least, at, std::memory_order_relaxed)) {
    }
  }

  int64_t tokens_, ids_ = 1, vectors_ = 1;  // ids of a vector, vectors of a sample
  bool refuses_, counts_;
  const float* weights_ = nullptr;
  std::atomic<int64_t> wrong_{kNone};
};

}  // namespace

// { op: 'categoryEncoding', tokens, mode, refuses? }
std::unique_ptr<Op> categoryEncoding(const Value& spec, const OpEnv& env) { return std::make_unique<CategoryEncoding>(spec, env); }

}  // namespace gemmfit::ops
