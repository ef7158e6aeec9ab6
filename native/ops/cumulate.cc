#include <cmath>
#include <limits>

#include "native/engine/op.h"
#include "native/ops/ordered.h"

namespace gemmfit::ops {
namespace {

// What numbers along an axis come to up to each place, that place taken in or (`exclusive`) not; `reverse` begins at the end.
class Cumulate : public Op {
 public:
  Cumulate(const Value& spec, const OpEnv& env, int64_t axis)
      : reverse_(spec.flag("reverse", false)), exclusive_(spec.flag("exclusive", false)), runs_(env.in, axis) {
    in = out = env.in;
    mask = Mask::drop;
    flopsPerRow = 8 * static_cast<double>(sizeOf(in));
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    forLines(runs_, begin, end, [&](int64_t first, int64_t) {
      double is = start();
      for (int64_t i = 0; i < runs_.length; ++i) {
        const int64_t at = place(first, i);
        const double next = join(is, static_cast<double>(x[at]));
        y[at] = static_cast<float>(exclusive_ ? is : next);
        is = next;
      }
    });
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) forLines(runs_, begin, end, [&](int64_t first, int64_t) { backwardLine(first); });
  }

 protected:
  virtual double start() const = 0;
  virtual double join(double is, double x) const = 0;
  virtual void backwardLine(int64_t first) const = 0;

  int64_t place(int64_t first, int64_t i) const { return first + (reverse_ ? runs_.length - 1 - i : i) * runs_.inner; }

  const bool reverse_, exclusive_;
  const AxisRuns runs_;
};

class CumulativeSum : public Cumulate {
 public:
  using Cumulate::Cumulate;

 protected:
  double start() const override { return 0; }
  double join(double is, double x) const override { return is + x; }
  void backwardLine(int64_t first) const override {
    double sum = 0;
    for (int64_t i = runs_.length; i-- > 0;) {
      const int64_t at = place(first, i);
      const double next = sum + static_cast<double>(dy[at]);
      dx[at] = static_cast<float>(exclusive_ ? sum : next);
      sum = next;
    }
  }
};

// The slope at a place is the product before it times a sum over the places behind it, each with the product of what lies between. So it
// is right where numbers are 0 too, as JAX's is; TensorFlow divides by them.
class CumulativeProduct : public Cumulate {
 public:
  CumulativeProduct(const Value& spec, const OpEnv& env, int64_t axis) : Cumulate(spec, env, axis) { readsX = readsY = true; }

 protected:
  double start() const override { return 1; }
  double join(double is, double x) const override { return is * x; }
  void backwardLine(int64_t first) const override {
    double behind = 0, factor = 0;  // factor: the number behind this place, in the direction it goes
    for (int64_t i = runs_.length; i-- > 0;) {
      const int64_t at = place(first, i);
      const double own = static_cast<double>(dy[at]);
      if (!exclusive_) behind = own + factor * behind;
      const double before = exclusive_ ? static_cast<double>(y[at]) : i == 0 ? 1 : static_cast<double>(y[place(first, i - 1)]);
      const double number = static_cast<double>(x[at]);
      dx[at] = static_cast<float>(before * behind);
      if (exclusive_) behind = own + number * behind;
      factor = number;
    }
  }
};

// The gradient goes to the number that is the largest so far.
class CumulativePeak : public Cumulate {
 public:
  CumulativePeak(const Value& spec, const OpEnv& env, int64_t axis, bool least) : Cumulate(spec, env, axis), least_(least) {
    readsX = true;
  }

 protected:
  double start() const override { return least_ ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity(); }
  double join(double is, double x) const override { return beats(x, is) ? x : is; }
  void backwardLine(int64_t first) const override {
    double peak = start();
    int64_t of = -1;
    for (int64_t i = 0; i < runs_.length; ++i) {
      const int64_t at = place(first, i);
      dx[at] = 0;
      if (exclusive_ && of >= 0) dx[of] += dy[at];
      if (beats(static_cast<double>(x[at]), peak)) {
        peak = static_cast<double>(x[at]);
        of = at;
      }
      if (!exclusive_ && of >= 0) dx[of] += dy[at];
    }
  }

 private:
  bool beats(double x, double peak) const { return (least_ ? x < peak : x > peak) || (std::isnan(x) && !std::isnan(peak)); }
  const bool least_;
};

}  // namespace

// { op: 'cumulate', kind: 'sum' | 'prod' | 'max' | 'min', axis, reverse?, exclusive? }
std::unique_ptr<Op> cumulate(const Value& spec, const OpEnv& env) {
  const std::string kind = spec.text("kind", "");
  const int64_t axis = orderedAxis("cumulate", spec, env.in);
  if (kind == "sum") return std::make_unique<CumulativeSum>(spec, env, axis);
  if (kind == "prod") return std::make_unique<CumulativeProduct>(spec, env, axis);
  if (kind == "max" || kind == "min") return std::make_unique<CumulativePeak>(spec, env, axis, kind == "min");
  throw Error("ERR_SPEC", "cumulate: its kind is sum, prod, max or min. Received: '" + kind + "'");
}

}  // namespace gemmfit::ops
