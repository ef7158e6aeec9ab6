#pragma once

namespace gemmfit {

// Who multiplies float32 matrices: GEMMFIT_GEMM in the environment, or `automatic`: what was measured to be faster.
enum class GemmChoice { automatic, openblas, own };

// Throws for a value that means nothing. Ops ask when they are made and products each time, so it stays as it is.
GemmChoice gemmChoice();
const char* gemmChoiceName();

// For tests: while it lives the choice is another. No op that was made before may be used meanwhile, nor one made meanwhile after it.
class OtherGemmChoice {
 public:
  explicit OtherGemmChoice(GemmChoice choice);
  ~OtherGemmChoice();
  OtherGemmChoice(const OtherGemmChoice&) = delete;
  OtherGemmChoice& operator=(const OtherGemmChoice&) = delete;

 private:
  GemmChoice before_;
};

}  // namespace gemmfit
