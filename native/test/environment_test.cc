#include <gtest/gtest.h>

#include "native/engine/guard.h"
#include "native/kernels/gemm/blas.h"

namespace gemmfit {
namespace {

class OfAllTests : public ::testing::Environment {
 public:
  void SetUp() override {
    useOneBlasThread();  // as every network does: BLAS's own would be invisible to the thread sanitizer, and other than in use
    setGuarding(true);
  }
  void TearDown() override { EXPECT_EQ(takeFault(), ""); }
};
const auto* const environment = ::testing::AddGlobalTestEnvironment(new OfAllTests());

}  // namespace
}  // namespace gemmfit
