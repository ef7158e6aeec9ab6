// What the fuzzers of native/test/fuzz have kept: bytes that took a way of their own through what reads descriptions, states and data. None
// may do more than throw an Error; here they are tried by any compiler, under the sanitizers too.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "native/test/fuzz/bytes.h"
#include "native/test/fuzz/targets.h"

namespace gemmfit {
namespace {

// A corpus in one file: each of its members behind four bytes with its length.
std::vector<std::vector<uint8_t>> corpus(const std::string& name) {
  std::ifstream file(std::string(GEMMFIT_FUZZ_CORPUS) + "/" + name + ".bin", std::ios::binary);
  const std::vector<char> all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<std::vector<uint8_t>> out;
  for (size_t at = 0; at + 4 <= all.size();) {
    size_t size = 0;
    for (size_t i = 0; i < 4; ++i) size |= static_cast<size_t>(static_cast<uint8_t>(all[at + i])) << (8 * i);
    at += 4;
    if (size > all.size() - at) break;
    out.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
  return out;
}

void replay(const char* name, void (*target)(const uint8_t*, size_t)) {
  const auto members = corpus(name);
  EXPECT_GT(members.size(), 50u) << "the corpus of '" << name << "' was not found";
  for (size_t i = 0; i < members.size(); ++i) {
    SCOPED_TRACE(std::string(name) + " " + std::to_string(i));
    EXPECT_NO_THROW(target(members[i].data(), members[i].size()));
  }
}

TEST(Fuzz, ProgramsOfTheCorpus) { replay("program", fuzz::program); }
TEST(Fuzz, StatesOfTheCorpus) { replay("state", fuzz::state); }
TEST(Fuzz, FeedsOfTheCorpus) { replay("feed", fuzz::feed); }

}  // namespace
}  // namespace gemmfit
