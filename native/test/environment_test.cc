#include <gtest/gtest.h>

#include "native/kernels/gemm.h"

namespace gemmfit {
namespace {

// As every network does: threads of BLAS's own would be invisible to the thread sanitizer, and other than in use.
class OneBlasThread : public ::testing::Environment {
 public:
  void SetUp() override { useOneBlasThread(); }
};
const auto* const environment = ::testing::AddGlobalTestEnvironment(new OneBlasThread());

TEST(Environment, BlasIsNamed) { EXPECT_NE(std::string(blasName()), ""); }

}  // namespace
}  // namespace gemmfit
