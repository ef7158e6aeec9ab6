#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "native/engine/shape.h"
#include "native/engine/value.h"

namespace gemmfit::fuzz {

// Any bytes as the values that a target wants: after the last one come zeros. The tree that `value` reads is what encode.mjs writes.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  bool over() const { return at_ == end_; }
  int64_t byte() { return over() ? 0 : *at_++; }
  int64_t below(int64_t n) { return byte() % n; }
  bool flag() { return (byte() & 1) != 0; }
  double real() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits |= static_cast<uint64_t>(byte()) << (8 * i);
    double d;
    std::memcpy(&d, &bits, sizeof d);
    return d;
  }
  // Whole numbers are small, or so large that they must be refused: what lies between asks for time and memory, as it may.
  double number() {
    const double d = real();
    return std::fabs(d) > kSmall && std::fabs(d) < kHuge ? std::fmod(d, kSmall) : d;
  }
  std::string text() {
    std::string s;
    for (int64_t n = below(32); n > 0; --n) s.push_back(static_cast<char>(byte()));
    return s;
  }
  Shape shape(int64_t ranks) {
    Shape s;
    for (int64_t n = below(ranks); n > 0; --n) s.push_back(below(kSmall + 1));
    return s;
  }

  Value value(int depth = 0) {
    const int64_t kind = depth > 6 ? 2 : below(7);
    switch (kind) {
      case 1:
        return Value(flag());
      case 2:
        return Value(static_cast<int64_t>(static_cast<int8_t>(byte()) % (kSmall + 1)));
      case 3:
        return Value(number());
      case 4:
        return Value(text());
      case 5: {
        Value::Array list;
        for (int64_t n = below(64); n > 0; --n) list.push_back(value(depth + 1));
        return Value(std::move(list));
      }
      case 6: {
        Value::Object fields;
        for (int64_t n = below(32); n > 0; --n) {
          std::string key = text();
          fields[std::move(key)] = value(depth + 1);
        }
        return Value(std::move(fields));
      }
      default:
        return Value();
    }
  }

 private:
  static constexpr int64_t kSmall = 16;
  static constexpr double kHuge = 1e10;
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace gemmfit::fuzz
