#include "native/kernels/random.h"

#include <algorithm>
#include <cmath>

#include "native/engine/philox.h"

namespace gemmfit {
namespace {

template <class F>
void fill(uint64_t seed, float* out, int64_t n, const F& value) {
  for (int64_t i = 0; i < n; i += 4) {
    const Philox words(seed, 0, static_cast<uint64_t>(i / 4));
    for (int64_t k = 0; k < std::min<int64_t>(4, n - i); ++k) out[i + k] = value(words.v[k]);
  }
}

// a[0] + a[1] x + ... + a[7] x^7
double polynomial(const double (&a)[8], double x) {
  double sum = a[7];
  for (int k = 6; k >= 0; --k) sum = sum * x + a[k];
  return sum;
}

// The deviation below which a standard normal variable lies with probability p: Wichura's algorithm AS 241 (1988), good to about
// 1e-16. Its branch for tails below e^-25 is left out: p comes from 32 bits and is never closer than 2^-33 to 0 or 1.
double normalQuantile(double p) {
  static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
                              4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static const double b[8] = {1.0,
                              4.2313330701600911252e+1,
                              6.8718700749205790830e+2,
                              5.3941960214247511077e+3,
                              2.1213794301586595867e+4,
                              3.9307895800092710610e+4,
                              2.8729085735721942674e+4,
                              5.2264952788528545610e+3};
  static const double c[8] = {1.42343711074968357734e0, 4.63033784615654529590e0,  5.76949722146069140550e0,  3.64784832476320460504e0,
                              1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double d[8] = {1.0,
                              2.05319162663775882187e0,
                              1.67638483018380384940e0,
                              6.89767334985100004550e-1,
                              1.48103976427480074590e-1,
                              1.51986665636164571966e-2,
                              5.47593808499534494600e-4,
                              1.05075007164441684324e-9};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p)) - 1.6;
  return std::copysign(polynomial(c, r) / polynomial(d, r), q);
}

}  // namespace

void fillUniform(uint64_t seed, float* out, int64_t n, float low, float high) {
  const double from = low, range = static_cast<double>(high) - low;
  // The sum may round up to the bound, which does not belong to the range.
  const float last = low < high ? std::nextafter(high, low) : low;
  fill(mixKey(seed, 0), out, n, [&](uint32_t bits) { return std::min(static_cast<float>(from + range * (bits * 0x1p-32)), last); });
}

void fillNormal(uint64_t seed, float* out, int64_t n, float mean, float deviation) {
  fill(mixKey(seed, 1), out, n, [&](uint32_t bits) { return static_cast<float>(mean + deviation * normalQuantile(unitOpen(bits))); });
}

void fillTruncatedNormal(uint64_t seed, float* out, int64_t n, float mean, float deviation) {
  const double beyond = 0.5 * std::erfc(std::sqrt(2.0));  // probability of less than -2 deviations
  fill(mixKey(seed, 2), out, n,
       [&](uint32_t bits) { return static_cast<float>(mean + deviation * normalQuantile(beyond + (1 - 2 * beyond) * unitOpen(bits))); });
}

}  // namespace gemmfit
