// What this machine can do, on 1 to THREADS threads: multiply-adds in registers, memory traffic of the optimizer, and products of given
// sizes by BLAS and by the engine. limits THREADS ADAM_PARAMETERS,... M,N,K,transposeA,transposeB ...   Prints JSON.
#include <cblas.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "native/engine/optimizer.h"
#include "native/engine/variable.h"
#include "native/kernels/gemm/blas.h"
#include "native/kernels/gemm/gemm.h"
#include "native/kernels/peak.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/native/limits.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// a = b + s c
void Triad(float* a, const float* b, const float* c, int64_t n) {
  const hn::ScalableTag<float> d;
  const auto s = hn::Set(d, 0.5f);
  for (int64_t i = 0; i + static_cast<int64_t>(hn::Lanes(d)) <= n; i += static_cast<int64_t>(hn::Lanes(d)))
    hn::Store(hn::MulAdd(s, hn::Load(d, c + i), hn::Load(d, b + i)), d, a + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace gemmfit {
HWY_EXPORT(Triad);
}  // namespace gemmfit

namespace {

using namespace gemmfit;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The shortest of seven times of `work(thread)` on so many threads at once, in seconds.
template <class Work>
double best(int threads, Work work) {
  double shortest = 1e9;
  for (int turn = 0; turn < 7; ++turn) {
    std::atomic<int> ready{0};
    std::vector<double> ends(static_cast<size_t>(threads)), begins(static_cast<size_t>(threads));
    std::vector<std::thread> team;
    for (int t = 0; t < threads; ++t)
      team.emplace_back([&, t] {
        work(t);  // warm
        ready.fetch_add(1);
        while (ready.load() < threads) {
        }
        begins[static_cast<size_t>(t)] = now();
        work(t);
        ends[static_cast<size_t>(t)] = now();
      });
    for (std::thread& m : team) m.join();
    shortest = std::min(shortest, *std::max_element(ends.begin(), ends.end()) - *std::min_element(begins.begin(), begins.end()));
  }
  return shortest;
}

std::vector<int64_t> numbers(const char* text) {
  std::vector<int64_t> out;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, ',');) out.push_back(std::atoll(part.c_str()));
  return out;
}

struct Entries {
  void add(const char* format, double a, double b = 0, double c = 0, double d = 0) {
    char buffer[256];
    std::snprintf(buffer, sizeof buffer, format, a, b, c, d);
    text += (text.empty() ? "" : ",") + std::string(buffer);
  }
  std::string text;
};

}  // namespace

int main(int count, char** args) {
  if (count < 3) return 1;
  if (openblas_set_num_threads) openblas_set_num_threads(1);
  const int most = std::atoi(args[1]);
  Entries peak, triad, adam, products;
  for (int threads = 1; threads <= most; ++threads) {
    std::vector<double> rates(static_cast<size_t>(threads));
    best(threads, [&](int t) { rates[static_cast<size_t>(t)] = std::max(rates[static_cast<size_t>(t)], measurePeak()); });
    peak.add("%.1f", std::accumulate(rates.begin(), rates.end(), 0.0));

    std::vector<AlignedFloats> memory;
    const int64_t n = int64_t{24} << 20;  // floats of an array: no cache holds three of them
    for (int i = 0; i < 3; ++i) memory.push_back(allocateFloats(n));
    const double ts = best(threads, [&](int t) {
      const int64_t from = n * t / threads / 64 * 64, to = n * (t + 1) / threads / 64 * 64;
      HWY_DYNAMIC_DISPATCH(Triad)(memory[0].get() + from, memory[1].get() + from, memory[2].get() + from, to - from);
    });
    triad.add("%.1f", 12.0 * static_cast<double>(n) / ts * 1e-9);

    const auto optimizer = makeOptimizer(Value(Value::Object{{"optimizer", "adam"}}));
    optimizer->begin(1e-3, 1);
    for (const int64_t parameters : numbers(args[2])) {
      const double us = best(threads, [&](int t) {
        const int64_t from = parameters * t / threads / 16 * 16,
                      to = t + 1 == threads ? parameters : parameters * (t + 1) / threads / 16 * 16;
        static std::vector<AlignedFloats> arrays = [] {
          std::vector<AlignedFloats> a;
          for (int i = 0; i < 4; ++i) a.push_back(allocateFloats(int64_t{4} << 20));
          return a;
        }();
        float* slots[] = {arrays[2].get() + from, arrays[3].get() + from};
        for (int r = 0; r < 10; ++r) optimizer->update(arrays[0].get() + from, arrays[1].get() + from, slots, to - from);
      });
      adam.add("{\"threads\":%.0f,\"parameters\":%.0f,\"us\":%.3f}", threads, static_cast<double>(parameters), us / 10 * 1e6);
    }
    for (int i = 3; i < count; ++i) {
      const std::vector<int64_t> p = numbers(args[i]);
      const int64_t m = p[0], nn = p[1], k = p[2], lda = p[3] ? m : k, ldb = p[4] ? k : nn;
      struct Matrices {
        AlignedFloats a, b, c;
      };
      std::vector<Matrices> own;
      for (int t = 0; t < threads; ++t) own.push_back({allocateFloats(m * k), allocateFloats(k * nn), allocateFloats(m * nn)});
      const double flop = 2.0 * static_cast<double>(m) * static_cast<double>(nn) * static_cast<double>(k);
      const int64_t turns = std::max<int64_t>(1, static_cast<int64_t>(2e8 / flop));
      double rates[2];
      for (int engine = 0; engine < 2; ++engine) {
        const double seconds = best(threads, [&](int t) {
          const Matrices& x = own[static_cast<size_t>(t)];
          for (int64_t r = 0; r < turns; ++r)
            if (engine)
              gemm({x.a.get(), m, k, lda, p[3] != 0}, {x.b.get(), k, nn, ldb, p[4] != 0}, {x.c.get(), nn});
            else
              cblas_sgemm(CblasRowMajor, p[3] ? CblasTrans : CblasNoTrans, p[4] ? CblasTrans : CblasNoTrans, static_cast<int>(m),
                          static_cast<int>(nn), static_cast<int>(k), 1, x.a.get(), static_cast<int>(lda), x.b.get(), static_cast<int>(ldb),
                          0, x.c.get(), static_cast<int>(nn));
        });
        rates[engine] = flop * static_cast<double>(turns) * threads / seconds * 1e-9;
      }
      products.add("{\"threads\":%.0f,\"index\":%.0f,\"blas\":%.1f,\"engine\":%.1f}", threads, i - 3, rates[0], rates[1]);
    }
  }
  std::printf("{\"peak\":[%s],\"triad\":[%s],\"adam\":[%s],\"products\":[%s],\"blas\":\"%s\"}\n", peak.text.c_str(), triad.text.c_str(),
              adam.text.c_str(), products.text.c_str(), blasName());
  return 0;
}
#endif
