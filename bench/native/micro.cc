// Kernels by themselves, on one thread, each beside what limits it: products beside multiply-adds in registers, what only moves memory
// beside a copy or a multiplication in place of as many bytes. Prints JSON: { peak, rows: [{ kernel, rate, limit, unit }] }.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "native/engine/feed.h"
#include "native/engine/loss.h"
#include "native/engine/op.h"
#include "native/engine/optimizer.h"
#include "native/kernels/gemm/blas.h"
#include "native/kernels/gemm/gemm.h"
#include "native/kernels/gemm/packed.h"
#include "native/kernels/peak.h"

namespace {

using namespace gemmfit;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The shortest of nine times of one call.
template <class Work>
double best(Work work) {
  work();
  double shortest = 1e9;
  for (int turn = 0; turn < 9; ++turn) {
    int calls = 0;
    const double begin = now();
    double end;
    do {
      work();
      ++calls;
      end = now();
    } while (end - begin < 3e-3);
    shortest = std::min(shortest, (end - begin) / calls);
  }
  return shortest;
}

std::string rows;
void row(const std::string& kernel, double rate, double limit, const char* unit) {
  char text[256];
  std::snprintf(text, sizeof text, "%s{\"kernel\":\"%s\",\"rate\":%.2f,\"limit\":%.2f,\"unit\":\"%s\"}", rows.empty() ? "" : ",",
                kernel.c_str(), rate, limit, unit);
  rows += text;
}

AlignedFloats filled(int64_t n) {
  AlignedFloats a = allocateFloats(n);
  for (int64_t i = 0; i < n; ++i) a[i] = static_cast<float>((i * 2654435761u) >> 8 & 0xffff) / 65536.0f - 0.5f;
  return a;
}

// Bytes a second of the faster of a copy and a multiplication in place, which read and write as much.
double moveRate(int64_t floats) {
  const AlignedFloats from = filled(floats), to = allocateFloats(floats);
  float* a = to.get();
  const double copy = best([&] { std::memcpy(a, from.get(), static_cast<size_t>(floats) * sizeof(float)); });
  const double scale = best([&] {
    for (int64_t i = 0; i < floats; ++i) a[i] *= 0.999f;
  });
  return 8.0 * static_cast<double>(floats) / std::min(copy, scale);
}

void products(double peak) {
  struct Product {
    const char* what;
    int64_t m, n, k;
    bool a, b;
  };
  for (const Product& p :
       {Product{"W1 forward 1", 32, 32, 20, false, false}, Product{"W1 forward 3", 32, 1, 16, false, false},
        Product{"W1 dX 2", 32, 32, 16, false, true}, Product{"W1 dW 1", 20, 32, 32, true, false},
        Product{"W2 forward, 8 rows", 8, 128, 784, false, false}, Product{"W2 forward", 128, 128, 784, false, false},
        Product{"W2 forward 2", 128, 10, 128, false, false}, Product{"W2 dW", 784, 128, 128, true, false},
        Product{"W3 forward, a tile", 256, 128, 1024, false, false}, Product{"W3 dX, a tile", 256, 128, 1024, false, true},
        Product{"W3 dW, a tile", 64, 1024, 256, true, false}, Product{"W3 forward 3", 256, 10, 1024, false, false}})
    for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
      const AlignedFloats a = filled(p.m * p.k), b = filled(p.k * p.n), c = allocateFloats(p.m * p.n);
      const double s = best([&] {
        gemm({a.get(), p.m, p.k, p.a ? p.m : p.k, p.a}, {b.get(), p.k, p.n, p.b ? p.k : p.n, p.b}, {c.get(), p.n}, precision);
      });
      const std::string size = std::to_string(p.m) + "x" + std::to_string(p.n) + "x" + std::to_string(p.k);
      row(std::string("product ") + p.what + " " + size + (precision == Precision::bfloat16 ? " bfloat16" : ""),
          2e-9 * static_cast<double>(p.m * p.n * p.k) / s, peak, "GFLOP/s");
    }
  const int64_t m = 32, n = 256, k = 64;
  const AlignedFloats a = filled(m * k), b = filled(k * n), c = allocateFloats(m * n), packed = allocateFloats(packedFloats(k, n));
  Matrix right{b.get(), k, n, n};
  pack(right, packed.get());
  right.packed = packed.get();
  const double s = best([&] { gemm({a.get(), m, k, k}, right, {c.get(), n}); });
  row("packed product, an LSTM step 32x256x64", 2e-9 * static_cast<double>(m * n * k) / s, peak, "GFLOP/s");
}

void optimizers() {
  for (const char* name : {"sgd", "rmsprop", "adam", "adamax", "nadam", "adagrad", "adadelta", "lion"})
    for (const int64_t n : {int64_t{16384}, int64_t{1} << 21}) {
      const auto optimizer = makeOptimizer(Value(Value::Object{{"optimizer", name}}));
      optimizer->begin(1e-3, 1);
      std::vector<AlignedFloats> slots;
      std::vector<float*> pointers;
      for (int i = 0; i < optimizer->slots(); ++i) {
        slots.push_back(allocateFloats(n));
        pointers.push_back(slots.back().get());
      }
      const AlignedFloats w = filled(n), g = filled(n);
      const double s = best([&] { optimizer->update(w.get(), g.get(), pointers.data(), n); });
      const double bytes = 4.0 * static_cast<double>(n) * (3 + 2 * optimizer->slots());
      row(std::string("update ") + name + ", " + std::to_string(n) + " weights", bytes / s * 1e-9,
          moveRate(n * (3 + 2 * optimizer->slots()) / 2) * 1e-9, "GB/s");
    }
}

// Ops that move more than they compute: forward and backward of `rows` samples.
void ops() {
  struct Case {
    const char* what;
    Value::Object spec;
    Shape in;
  };
  const auto activation = [](const char* name) { return Value::Object{{"op", "activation"}, {"activation", name}}; };
  const std::vector<Case> cases = {{"relu", activation("relu"), {1024}},           {"sigmoid", activation("sigmoid"), {1024}},
                                   {"tanh", activation("tanh"), {1024}},           {"gelu", activation("gelu"), {1024}},
                                   {"softmax of 10", activation("softmax"), {10}}, {"softmax of 1024", activation("softmax"), {1024}}};
  for (const Case& c : cases) {
    const int64_t samples = 65536 / sizeOf(c.in);
    OpEnv env{};
    env.in = c.in;
    env.batch = samples;
    env.training = env.needsInputGradient = true;
    const auto op = makeOp(Value(c.spec), env);
    op->in = c.in;
    const int64_t n = samples * sizeOf(c.in);
    const AlignedFloats x = filled(n), y = allocateFloats(n), dy = filled(n), dx = allocateFloats(n);
    std::vector<AlignedFloats> scratch;
    for (const Scratch& s : op->scratchSpec) {
      scratch.push_back(allocateFloats(s.perRow * samples + s.fixed));
      op->scratch.push_back(scratch.back().get());
    }
    op->x = x.get();
    op->y = y.get();
    op->dy = dy.get();
    op->dx = dx.get();
    Step step;
    step.rows = samples;
    step.training = true;
    const double limit = moveRate(n) * 1e-9, bytes = 8.0 * static_cast<double>(n);
    row(std::string("forward ") + c.what, bytes / best([&] { op->forward(step, 0, 0, samples); }) * 1e-9, limit, "GB/s");
    row(std::string("backward ") + c.what, 1.5 * bytes / best([&] { op->backward(step, 0, 0, samples); }) * 1e-9, limit, "GB/s");
  }
}

void losses() {
  for (const int64_t width : {10, 1000}) {
    const int64_t n = 65536 / width;
    const auto loss = makeLoss(Value(Value::Object{{"loss", "sparseCategoricalCrossentropy"}, {"fromLogits", true}}), width);
    const AlignedFloats z = filled(n * width), out = allocateFloats(n), gradient = allocateFloats(n * width), scale = allocateFloats(n);
    std::vector<float> labels(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i) labels[static_cast<size_t>(i)] = static_cast<float>(i % width);
    const double bytes = 4.0 * static_cast<double>(n * width), limit = moveRate(n * width) * 1e-9;
    row("crossentropy of " + std::to_string(width) + " logits",
        bytes / best([&] { loss->values(labels.data(), z.get(), n, out.get()); }) * 1e-9, limit, "GB/s");
    row("its gradient", 2 * bytes / best([&] { loss->gradient(labels.data(), z.get(), scale.get(), n, gradient.get()); }) * 1e-9, limit,
        "GB/s");
  }
}

// Rows of 784 from anywhere in 47 million elements.
void gathers() {
  const int64_t samples = 60000, size = 784;
  const AlignedFloats data = allocateFloats(samples * size), out = allocateFloats(128 * size);
  const double limit = moveRate(int64_t{24} << 20) * 1e-9;
  for (const ElementType type : {ElementType::float32, ElementType::uint8}) {
    const ArrayView view{data.get(), type, samples, size};
    uint64_t at = 1;
    const double s = best([&] {
      for (int64_t r = 0; r < 128; ++r) {
        at = at * 6364136223846793005u + 1442695040888963407u;
        view.copyRow(static_cast<int64_t>((at >> 33) % static_cast<uint64_t>(samples)), out.get() + r * size);
      }
    });
    const bool bytes = type == ElementType::uint8;
    row(bytes ? "gather rows of 784 uint8" : "gather rows of 784 float32", 128.0 * size * (bytes ? 5 : 8) / s * 1e-9, limit, "GB/s");
  }
}

}  // namespace

int main() {
  useOneBlasThread();
  const double peak = measurePeak();
  products(peak);
  optimizers();
  ops();
  losses();
  gathers();
  std::printf("{\"peak\":%.1f,\"rows\":[%s]}\n", peak, rows.c_str());
  return 0;
}
