#include <algorithm>
#include <optional>

#include "native/engine/element_program.h"
#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"
#include "native/kernels/stretch.h"

namespace gemmfit::ops {
namespace {

constexpr const char* kName = "elementwise";
constexpr int64_t kMostParts = 16, kPartElements = 16384;

// Several elementwise steps in one pass over memory. Its inputs are stretched to one shape as NumPy does it; those that are one for the
// whole batch, over rows too. The backward pass computes what it needs of the steps anew, block by block.
//
// The gradient of a stretched input is a sum, in double, for each row. That of an input which is one for the whole batch is a sum over
// rows: parts of the batch have sums of their own, which are then added in order.
class ElementwiseOp : public Op {
 public:
  ElementwiseOp(const Value& spec, const OpEnv& env) : code_(kName, spec.items("code"), static_cast<int>(env.others.size()) + 1) {
    std::vector<Shape> shapes{env.in};
    bool once = env.single;
    for (const OpEnv::Other& other : env.others) {
      shapes.push_back(other.in);
      once = once && other.single;
    }
    out = stretchedShape(kName, shapes);
    n_ = sizeOf(out);
    addInput(env.in, once, env.single && !once, env.training && env.needsInputGradient);
    for (const OpEnv::Other& other : env.others) addInput(other.in, once, other.single && !once, env.training && other.wantsGradient);
    in = env.in;
    mixes = canAddDx = true;
    mask = Mask::drop;
    flopsPerRow = code_.flops() * static_cast<double>(n_);
    stopsGradient = true;
    for (int k = 0; k < code_.inputs; ++k) stopsGradient = stopsGradient && !code_.learns(k);
    planBackward(env.batch);
    inPlace = inputs_[0].stretch.isWhole() && !readsX;
    forward_.emplace(forwardTape(kName, code_, kinds_, {code_.last()}, {inPlace ? 0 : -1}));
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    TapeRun run(*forward_);
    setUniforms(run);
    forBlocks(begin, end, forward_->block(), [&](int64_t from, int64_t n) {
      read(run, *forward_, from, n);
      run.write(0, y + from);
      run.run(n);
    });
  }

  std::vector<Phase> backwardPhases() const override {
    if (parts_ == 0) return {Phase{}};
    return {Phase{Phase::tasks, parts_}, Phase{Phase::tasks, sumTasks_}};
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (!gradient_) return;
    if (parts_ == 0) return backwardRows(begin, end, 0);
    if (phase == 1) return addParts(begin);
    const int64_t first = std::min(step.rows, begin * partRows_);
    backwardRows(first, std::min(step.rows, first + partRows_), begin);
  }

 private:
  struct Input {
    Stretch stretch;
    bool overRows;  // one for the whole batch, beside inputs that have rows
    bool wanted;
    int sums = -1;  // scratch, where its gradient is a sum
  };

  void addInput(const Shape& shape, bool oneRow, bool overRows, bool wanted) {
    const bool isNumber = oneRow && sizeOf(shape) == 1 && n_ != 1;
    inputs_.push_back({Stretch(shape, out, overRows || isNumber), overRows, wanted});
    const Stretch& stretch = inputs_.back().stretch;
    kinds_.push_back(stretch.isUniform() ? ElementTape::Input::uniform
                     : stretch.isWhole() ? ElementTape::Input::plain
                                         : ElementTape::Input::copied);
  }

  void planBackward(int64_t batch) {
    std::vector<bool> wanted;
    int64_t largest = 0;
    for (const Input& input : inputs_) {
      wanted.push_back(input.wanted);
      if (input.wanted && input.overRows) largest = std::max(largest, input.stretch.size());
    }
    if (std::none_of(wanted.begin(), wanted.end(), [](bool is) { return is; })) return;
    gradient_.emplace(gradientTape(kName, code_, kinds_, wanted, wanted[0]));
    for (int k = 0; k < code_.inputs; ++k) readsX = readsX || gradient_->reads(k);
    readsY = gradient_->reads(code_.inputs);
    if (largest > 0) {
      parts_ = std::clamp<int64_t>(batch * n_ / std::max(kPartElements, 2 * largest), 1, std::min(kMostParts, batch));
      partRows_ = ceilDiv(batch, parts_);
      sumTasks_ = std::clamp<int64_t>(largest / kPartElements, 1, kMostParts);
    }
    for (Input& input : inputs_) {
      if (!input.wanted || input.stretch.isWhole()) continue;
      const int64_t floats = 2 * input.stretch.size();
      input.sums = addScratch(input.overRows ? Scratch{0, parts_ * floats, Scratch::backward} : Scratch{floats, 0, Scratch::backward});
    }
  }

  const float* inputOf(size_t k) const { return k == 0 ? x : others[k - 1].x; }
  float* gradientOf(size_t k) const { return k == 0 ? dx : others[k - 1].dx; }
  bool adds(size_t k) const { return k == 0 ? addsDx : others[k - 1].addsDx; }
  double* sumsOf(const Input& input) const { return reinterpret_cast<double*>(scratch[asSize(input.sums)]); }

  void setUniforms(TapeRun& run) const {
    for (size_t k = 0; k < inputs_.size(); ++k)
      if (kinds_[k] == ElementTape::Input::uniform) run.setUniform(static_cast<int>(k), *inputOf(k));
    run.begin();
  }
  void read(TapeRun& run, const ElementTape& tape, int64_t from, int64_t n) const {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const int k = static_cast<int>(i);
      if (kinds_[i] == ElementTape::Input::uniform || !tape.reads(k)) continue;
      float* room = kinds_[i] == ElementTape::Input::copied ? run.room(k) : nullptr;
      run.read(k, inputs_[i].stretch.block(inputOf(i), from, n, room));
    }
  }

  // Blocks of rows: whole ones, or parts of one, so that where a row is cut does not hang on the rows before it.
  template <class F>
  void forBlocks(int64_t begin, int64_t end, int64_t most, F&& f) const {
    if (n_ == 0) return;
    const int64_t rows = std::max<int64_t>(1, most / n_), size = ceilDiv(n_, ceilDiv(n_, most));
    for (int64_t r = begin; r < end; r += rows) {
      const int64_t last = std::min(end, r + rows) * n_;
      if (n_ <= most)
        f(r * n_, last - r * n_);
      else
        for (int64_t from = r * n_; from < last; from += size) f(from, std::min(size, last - from));
    }
  }

  void backwardRows(int64_t begin, int64_t end, int64_t part) {
    for (const Input& input : inputs_) {
      if (input.sums < 0) continue;
      const int64_t size = input.stretch.size();
      std::fill(sumsOf(input) + (input.overRows ? part : begin) * size, sumsOf(input) + (input.overRows ? part + 1 : end) * size, 0.0);
    }
    TapeRun run(*gradient_);
    setUniforms(run);
    forBlocks(begin, end, gradient_->block(), [&](int64_t from, int64_t n) {
      read(run, *gradient_, from, n);
      run.read(code_.inputs, y + from);
      run.read(code_.inputs + 1, dy + from);
      forWanted([&](size_t k, size_t j) {
        if (inputs_[k].sums < 0 && gradientOf(k) && !adds(k))
          run.write(j, gradientOf(k) + from);
        else
          run.keep(j);
      });
      run.run(n);
      forWanted([&](size_t k, size_t j) { take(inputs_[k], k, run.kept(j), from, n, part); });
    });
    for (size_t k = 0; k < inputs_.size(); ++k)
      if (inputs_[k].sums >= 0 && !inputs_[k].overRows) {
        const int64_t size = inputs_[k].stretch.size();
        give(k, begin * size, end * size, sumsOf(inputs_[k]) + begin * size);
      }
  }

  // f(input, output of the gradient's tape).
  template <class F>
  void forWanted(F&& f) const {
    size_t j = 0;
    for (size_t k = 0; k < inputs_.size(); ++k)
      if (inputs_[k].wanted) f(k, j++);
  }

  void take(const Input& input, size_t k, const float* g, int64_t from, int64_t n, int64_t part) const {
    if (input.sums >= 0) {
      input.stretch.addTo(sumsOf(input) + (input.overRows ? part * input.stretch.size() : 0), g, from, n);
    } else if (gradientOf(k) && adds(k)) {
      float* to = gradientOf(k) + from;
      for (int64_t i = 0; i < n; ++i) to[i] += g[i];
    }
  }

  // Sums to the gradient's elements [begin, end).
  void give(size_t k, int64_t begin, int64_t end, const double* sums) const {
    float* to = gradientOf(k);
    if (!to) return;
    for (int64_t i = begin; i < end; ++i) {
      const float g = static_cast<float>(sums[i - begin]);
      to[i] = adds(k) ? to[i] + g : g;
    }
  }

  // Those of the parts, to a part of the gradients of what is one for the whole batch.
  void addParts(int64_t task) const {
    for (size_t k = 0; k < inputs_.size(); ++k) {
      const Input& input = inputs_[k];
      if (!input.overRows || input.sums < 0) continue;
      const int64_t size = input.stretch.size(), begin = task * size / sumTasks_, end = (task + 1) * size / sumTasks_;
      double* sums = sumsOf(input);
      for (int64_t p = 1; p < parts_; ++p)
        for (int64_t i = begin; i < end; ++i) sums[i] += sums[p * size + i];
      give(k, begin, end, sums + begin);
    }
  }

  const ElementCode code_;
  std::vector<Input> inputs_;
  std::vector<ElementTape::Input> kinds_;
  std::optional<ElementTape> forward_, gradient_;
  int64_t n_ = 0, parts_ = 0, partRows_ = 0, sumTasks_ = 0;
};

}  // namespace

// { op: 'elementwise', code: [{ do: 'add', of: [0, 1] }, { do: 'constant', value: 2 }, ...] }: see native/engine/element_code.h.
std::unique_ptr<Op> elementwise(const Value& spec, const OpEnv& env) { return std::make_unique<ElementwiseOp>(spec, env); }

}  // namespace gemmfit::ops
