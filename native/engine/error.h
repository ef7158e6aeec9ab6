#pragma once
#include <stdexcept>
#include <string>

namespace gemmfit {

// What the engine throws. `code` and `valueError` reach JavaScript as a ValueError or RuntimeError with that code.
class Error : public std::runtime_error {
 public:
  Error(std::string errorCode, const std::string& message, bool isValueError = true)
      : std::runtime_error(message), code(std::move(errorCode)), valueError(isValueError) {}
  std::string code;
  bool valueError;
};

}  // namespace gemmfit
