// What a training costs without a framework: an MLP, its gather, forward, loss, backward and Adam, and nothing else. Rows, then rows of
// the kernels, are split over threads that meet at a spinning barrier; products by single-threaded sgemm.
// handwritten THREADS ROWS BATCH EPOCHS BUDGET X Y WEIGHTS d0 d1 ... dn: x float32, y int32, weights as Keras orders them. Prints JSON.
#include <cblas.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Barrier {
  explicit Barrier(int threads) : count(threads) {}
  void wait() {
    const int turn = turns.load(std::memory_order_relaxed);
    if (waiting.fetch_add(1, std::memory_order_acq_rel) == count - 1) {
      waiting.store(0, std::memory_order_relaxed);
      turns.store(turn + 1, std::memory_order_release);
    } else {
      while (turns.load(std::memory_order_acquire) == turn) {
      }
    }
  }
  std::atomic<int> waiting{0}, turns{0};
  int count;
};

using Floats = std::unique_ptr<float[], decltype(&std::free)>;
Floats floats(size_t n) {
  const size_t bytes = (n * sizeof(float) + 63) / 64 * 64 + 64;
  auto* p = static_cast<float*>(std::aligned_alloc(64, bytes));
  std::memset(p, 0, bytes);
  return Floats(p, &std::free);
}

template <class T>
std::vector<T> readFile(const char* path, size_t n) {
  std::vector<T> out(n);
  FILE* f = std::fopen(path, "rb");
  if (!f || std::fread(out.data(), sizeof(T), n, f) != n) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(1);
  }
  std::fclose(f);
  return out;
}

struct Layer {
  int in, out;
  bool relu;
  Floats w, b, dw, db, mw, vw, mb, vb, y, dy;
};

void adam(float* w, const float* g, float* m, float* v, size_t n, float step) {
  for (size_t i = 0; i < n; ++i) {
    m[i] += (g[i] - m[i]) * 0.1f;
    v[i] += (g[i] * g[i] - v[i]) * 0.001f;
    w[i] -= m[i] * step / (std::sqrt(v[i]) + 1e-7f);
  }
}

double peakMiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

}  // namespace

int main(int count, char** args) {
  if (count < 11) return 1;
  const int threads = std::atoi(args[1]), rows = std::atoi(args[2]), batch = std::atoi(args[3]), epochs = std::atoi(args[4]);
  const double budget = std::atof(args[5]);
  if (openblas_set_num_threads) openblas_set_num_threads(1);
  std::vector<int> sizes;
  for (int i = 9; i < count; ++i) sizes.push_back(std::atoi(args[i]));
  const int features = sizes.front(), classes = sizes.back();
  const auto x = readFile<float>(args[6], static_cast<size_t>(rows) * features);
  const auto labels = readFile<int>(args[7], static_cast<size_t>(rows));
  const double began = now();
  size_t total = 0;
  for (size_t i = 0; i + 1 < sizes.size(); ++i) total += static_cast<size_t>(sizes[i] + 1) * sizes[i + 1];
  const auto weights = readFile<float>(args[8], total);
  std::vector<Layer> layers;
  const float* from = weights.data();
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    const int in = sizes[i], out = sizes[i + 1];
    const size_t n = static_cast<size_t>(in) * out, items = static_cast<size_t>(batch) * out;
    layers.push_back({in, out, i + 2 < sizes.size(), floats(n), floats(out), floats(n), floats(out), floats(n), floats(n), floats(out),
                      floats(out), floats(items), floats(items)});
    std::copy_n(from, n, layers.back().w.get());
    std::copy_n(from + n, out, layers.back().b.get());
    from += n + static_cast<size_t>(out);
  }
  const Floats input = floats(static_cast<size_t>(batch) * features);
  std::vector<int> label(batch), order(rows);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(1);
  std::vector<double> loss(threads), times;
  std::atomic<bool> done{false};
  double checked = 0, firstEnd = 0;
  Barrier barrier(threads);

  const auto work = [&](int t) {
    for (int epoch = 0; !done; ++epoch) {
      if (t == 0 && epoch > 0) std::shuffle(order.begin(), order.end(), random);
      loss[t] = 0;
      barrier.wait();
      const double begin = now();
      for (int s = 0; s < rows; s += batch) {
        const int n = std::min(batch, rows - s), r0 = n * t / threads, r1 = n * (t + 1) / threads, own = r1 - r0;
        for (int i = r0; i < r1; ++i) {
          std::memcpy(input.get() + static_cast<size_t>(i) * features, x.data() + static_cast<size_t>(order[s + i]) * features,
                      sizeof(float) * features);
          label[i] = labels[order[s + i]];
        }
        const float* in = input.get();
        for (Layer& l : layers) {
          float* y = l.y.get() + static_cast<size_t>(r0) * l.out;
          for (int i = 0; i < own; ++i) std::memcpy(y + static_cast<size_t>(i) * l.out, l.b.get(), sizeof(float) * l.out);
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, own, l.out, l.in, 1, in + static_cast<size_t>(r0) * l.in, l.in, l.w.get(),
                      l.out, 1, y, l.out);
          if (l.relu)
            for (int k = 0; k < own * l.out; ++k) y[k] = y[k] > 0 ? y[k] : 0;
          in = l.y.get();
        }
        Layer& top = layers.back();
        for (int i = r0; i < r1; ++i) {
          const float* y = top.y.get() + static_cast<size_t>(i) * classes;
          float* d = top.dy.get() + static_cast<size_t>(i) * classes;
          if (classes == 1) {
            const float p = 1 / (1 + std::exp(-y[0]));
            d[0] = (p - label[i]) / n;
            loss[t] += std::max(y[0], 0.0f) - y[0] * label[i] + std::log1p(std::exp(-std::fabs(y[0])));
            continue;
          }
          const float most = *std::max_element(y, y + classes);
          float sum = 0;
          for (int k = 0; k < classes; ++k) sum += d[k] = std::exp(y[k] - most);
          loss[t] -= y[label[i]] - most - std::log(sum);
          for (int k = 0; k < classes; ++k) d[k] = (d[k] / sum - (k == label[i])) / n;
        }
        for (size_t i = layers.size() - 1; i > 0; --i) {
          Layer &l = layers[i], &below = layers[i - 1];
          float* d = below.dy.get() + static_cast<size_t>(r0) * below.out;
          cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, own, l.in, l.out, 1, l.dy.get() + static_cast<size_t>(r0) * l.out, l.out,
                      l.w.get(), l.out, 0, d, l.in);
          const float* y = below.y.get() + static_cast<size_t>(r0) * below.out;
          for (int k = 0; k < own * below.out; ++k)
            if (!(y[k] > 0)) d[k] = 0;
        }
        barrier.wait();
        const double number = static_cast<double>(epoch) * ((rows + batch - 1) / batch) + s / batch + 1;  // of the step
        const float rate = static_cast<float>(1e-3 * std::sqrt(1 - std::pow(0.999, number)) / (1 - std::pow(0.9, number)));
        for (size_t i = 0; i < layers.size(); ++i) {
          Layer& l = layers[i];
          const float* below = i ? layers[i - 1].y.get() : input.get();
          const int k0 = l.in * t / threads, k1 = l.in * (t + 1) / threads, tile = std::max(16, 65536 / l.out);
          for (int k = k0; k < k1; k += tile) {
            const int kn = std::min(tile, k1 - k);
            const size_t offset = static_cast<size_t>(k) * l.out, size = static_cast<size_t>(kn) * l.out;
            cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, kn, l.out, n, 1, below + k, l.in, l.dy.get(), l.out, 0,
                        l.dw.get() + offset, l.out);
            adam(l.w.get() + offset, l.dw.get() + offset, l.mw.get() + offset, l.vw.get() + offset, size, rate);
          }
          if (t != threads - 1) continue;
          std::fill_n(l.db.get(), l.out, 0.0f);
          for (int r = 0; r < n; ++r)
            for (int j = 0; j < l.out; ++j) l.db[j] += l.dy[static_cast<size_t>(r) * l.out + j];
          adam(l.b.get(), l.db.get(), l.mb.get(), l.vb.get(), static_cast<size_t>(l.out), rate);
        }
        barrier.wait();
      }
      if (t == 0) {
        if (epoch == 0) {
          checked = std::accumulate(loss.begin(), loss.end(), 0.0) / rows;
          firstEnd = now();
        } else {
          times.push_back(now() - begin);
        }
        const double spent = std::accumulate(times.begin(), times.end(), 0.0);
        done = static_cast<int>(times.size()) >= epochs || (times.size() >= 5 && spent > budget);
      }
      barrier.wait();
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (std::thread& o : others) o.join();

  std::string list;
  for (const double s : times) list += (list.empty() ? "" : ",") + std::to_string(s);
  std::printf(
      "{\"loss\":%.9g,\"epochs\":[%s],\"importMs\":0,\"firstEpochMs\":%.3f,\"peakMiB\":%.1f,\"threads\":%d,\"version\":\"C++, sgemm\"}\n",
      checked, list.c_str(), (firstEnd - began) * 1e3, peakMiB(), threads);
  return 0;
}
