#include "native/engine/subnormals.h"

#include <gtest/gtest.h>

#include <future>

#include "native/engine/pool.h"

namespace gemmfit {
namespace {

volatile float small = 1e-30f, factor = 1e-10f;  // the product, 1e-40, is subnormal

#if defined(__x86_64__) || defined(__aarch64__) || defined(_M_X64) || defined(_M_ARM64)
TEST(Subnormals, AreTakenAsZeroAndOnlyWhileAskedFor) {
  const float subnormal = small * factor;
  volatile float kept = subnormal;
  EXPECT_NE(subnormal, 0);
  {
    const FlushSubnormals flush;
    EXPECT_EQ(small * factor, 0) << "results";
    EXPECT_EQ(kept * 1e10f, 0) << "operands";
    { const FlushSubnormals again; }
    EXPECT_EQ(small * factor, 0) << "an inner one must not end the outer one's";
  }
  EXPECT_NE(small * factor, 0);
  EXPECT_NE(kept * 1e10f, 0);
}

TEST(Subnormals, AreZeroOnThePoolsThreads) {
  struct Multiply : Job {
    std::promise<float> product;
    void run() override { product.set_value(small * factor); }
  };
  const auto job = std::make_shared<Multiply>();
  Pool::instance().submit(job);
  EXPECT_EQ(job->product.get_future().get(), 0);
}
#endif

}  // namespace
}  // namespace gemmfit
