#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gemmfit {

// A plain tree of data: how descriptions of programs, losses, metrics and optimizers reach the engine.
// The engine does not know Node; the addon makes these from JavaScript objects, the native tests by hand.
class Value {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  using Array = std::vector<Value>;
  using Object = std::map<std::string, Value>;

  Value() = default;
  Value(bool b) : kind_(Kind::boolean), number_(b ? 1 : 0) {}
  Value(double d) : kind_(Kind::number), number_(d) {}
  Value(int i) : kind_(Kind::number), number_(i) {}
  Value(int64_t i) : kind_(Kind::number), number_(static_cast<double>(i)) {}
  Value(const char* s) : kind_(Kind::string), string_(s) {}
  Value(std::string s) : kind_(Kind::string), string_(std::move(s)) {}
  Value(Array a) : kind_(Kind::array), array_(std::move(a)) {}
  Value(Object o) : kind_(Kind::object), object_(std::move(o)) {}

  Kind kind() const { return kind_; }
  bool isNull() const { return kind_ == Kind::null; }

  // Reading a value as what it must be; an Error with code ERR_SPEC otherwise. `what` names it in the message.
  double asNumber(const char* what) const;
  int64_t asInteger(const char* what) const;  // a whole number within +-2^53
  const std::string& asString(const char* what) const;
  const Array& asArray(const char* what) const;

  // Fields of an object. A missing or null field gives the fallback; one of the wrong kind throws.
  bool has(const char* key) const;
  const Value& at(const char* key) const;  // throws when missing
  double number(const char* key, double fallback) const;
  double number(const char* key) const;
  int64_t integer(const char* key, int64_t fallback) const;
  int64_t integer(const char* key) const;
  bool flag(const char* key, bool fallback) const;
  std::string text(const char* key, const char* fallback) const;
  std::vector<double> numbers(const char* key) const;    // [] when missing
  std::vector<int64_t> integers(const char* key) const;  // [] when missing
  const Array& items(const char* key) const;             // [] when missing

 private:
  const Value* find(const char* key) const;
  Kind kind_ = Kind::null;
  double number_ = 0;
  std::string string_;
  Array array_;
  Object object_;
};

}  // namespace gemmfit
