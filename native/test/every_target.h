#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hwy/targets.h"

namespace gemmfit::test {

// Tests that run once for every instruction set that kernels are built for and this machine has.
class EveryTarget : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

inline std::vector<int64_t> everyTarget() {
  std::vector<int64_t> out{HWY_STATIC_TARGET};
  for (const int64_t t : {HWY_AVX2, HWY_AVX3, HWY_NEON, HWY_SVE})
    if ((hwy::SupportedTargets() & t) && t != HWY_STATIC_TARGET) out.push_back(t);
  return out;
}

}  // namespace gemmfit::test

// `Suite`: a name of its own in each file, which it also defines.
#define EVERY_TARGET_SUITE(Suite)                                           \
  class Suite : public EveryTarget {};                                      \
  INSTANTIATE_TEST_SUITE_P(Simd, Suite, ::testing::ValuesIn(everyTarget()), \
                           [](const auto& info) { return std::string(hwy::TargetName(info.param)); })
