#include "native/engine/value.h"

#include <cmath>

#include "native/engine/error.h"

namespace gemmfit {
namespace {

[[noreturn]] void wrong(const char* what, const char* expected) {
  throw Error("ERR_SPEC", std::string("internal description: '") + what + "' must be " + expected);
}

const Value::Array kEmpty;

}  // namespace

double Value::asNumber(const char* what) const {
  if (kind_ != Kind::number && kind_ != Kind::boolean) wrong(what, "a number");
  return number_;
}

int64_t Value::asInteger(const char* what) const {
  const double d = asNumber(what);
  if (!(std::fabs(d) <= 9007199254740992.0) || d != std::floor(d)) wrong(what, "a whole number");
  return static_cast<int64_t>(d);
}

const std::string& Value::asString(const char* what) const {
  if (kind_ != Kind::string) wrong(what, "a string");
  return string_;
}

const Value::Array& Value::asArray(const char* what) const {
  if (kind_ != Kind::array) wrong(what, "an array");
  return array_;
}

const Value* Value::find(const char* key) const {
  if (kind_ != Kind::object) return nullptr;
  const auto it = object_.find(key);
  return it == object_.end() || it->second.isNull() ? nullptr : &it->second;
}

bool Value::has(const char* key) const { return find(key) != nullptr; }

const Value& Value::at(const char* key) const {
  const Value* v = find(key);
  if (!v) wrong(key, "given");
  return *v;
}

double Value::number(const char* key, double fallback) const {
  const Value* v = find(key);
  return v ? v->asNumber(key) : fallback;
}
double Value::number(const char* key) const { return at(key).asNumber(key); }

int64_t Value::integer(const char* key, int64_t fallback) const {
  const Value* v = find(key);
  return v ? v->asInteger(key) : fallback;
}
int64_t Value::integer(const char* key) const { return at(key).asInteger(key); }

bool Value::flag(const char* key, bool fallback) const {
  const Value* v = find(key);
  return v ? v->asNumber(key) != 0 : fallback;
}

std::string Value::text(const char* key, const char* fallback) const {
  const Value* v = find(key);
  return v ? v->asString(key) : fallback;
}

std::vector<double> Value::numbers(const char* key) const {
  std::vector<double> out;
  for (const Value& v : items(key)) out.push_back(v.asNumber(key));
  return out;
}

std::vector<int64_t> Value::integers(const char* key) const {
  std::vector<int64_t> out;
  for (const Value& v : items(key)) out.push_back(v.asInteger(key));
  return out;
}

const Value::Array& Value::items(const char* key) const {
  const Value* v = find(key);
  return v ? v->asArray(key) : kEmpty;
}

}  // namespace gemmfit
