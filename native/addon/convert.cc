#include <cmath>

#include "native/addon/instance.h"
#include "native/addon/wraps.h"

namespace gemmfit::addon {

Value toValue(const Napi::Value& v, int depth) {
  if (depth > 64) throw Error("ERR_SPEC", "a description is nested too deeply");
  if (v.IsUndefined() || v.IsNull()) return Value();
  if (v.IsBoolean()) return Value(v.As<Napi::Boolean>().Value());
  if (v.IsNumber()) return Value(v.As<Napi::Number>().DoubleValue());
  if (v.IsString()) return Value(v.As<Napi::String>().Utf8Value());
  if (v.IsArray()) {
    const auto a = v.As<Napi::Array>();
    Value::Array out;
    for (uint32_t i = 0; i < a.Length(); ++i) out.push_back(toValue(a.Get(i), depth + 1));
    return Value(std::move(out));
  }
  if (v.IsObject() && !v.IsFunction() && !v.IsTypedArray()) {
    const auto o = v.As<Napi::Object>();
    const Napi::Array keys = o.GetPropertyNames();
    Value::Object out;
    for (uint32_t i = 0; i < keys.Length(); ++i) {
      const std::string key = keys.Get(i).ToString().Utf8Value();
      out[key] = toValue(o.Get(key), depth + 1);
    }
    return Value(std::move(out));
  }
  throw Error("ERR_SPEC", "a description may hold only plain data");
}

std::vector<int64_t> toIntegers(const Napi::Value& v, const char* what) {
  std::vector<int64_t> out;
  const Value list = toValue(v);
  for (const Value& item : list.asArray(what)) out.push_back(item.asInteger(what));
  return out;
}

ArrayView toArray(const Napi::Value& v, const char* what) {
  if (!v.IsTypedArray()) throw Error("ERR_SPEC", std::string(what) + " must be a typed array");
  const auto a = v.As<Napi::TypedArray>();
  ArrayView view;
  switch (a.TypedArrayType()) {
    case napi_float32_array:
      view.type = ElementType::float32;
      break;
    case napi_float64_array:
      view.type = ElementType::float64;
      break;
    case napi_int8_array:
      view.type = ElementType::int8;
      break;
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      view.type = ElementType::uint8;
      break;
    case napi_int16_array:
      view.type = ElementType::int16;
      break;
    case napi_uint16_array:
      view.type = ElementType::uint16;
      break;
    case napi_int32_array:
      view.type = ElementType::int32;
      break;
    case napi_uint32_array:
      view.type = ElementType::uint32;
      break;
    case napi_bigint64_array:
      view.type = ElementType::int64;
      break;
    default:
      throw Error("ERR_DTYPE", std::string(what) + ": arrays of this element type cannot be read");
  }
  Napi::ArrayBuffer buffer = a.ArrayBuffer();
  if (buffer.IsDetached())
    throw Error("ERR_DETACHED", std::string(what) + ": the array's buffer has been transferred or detached; pass a copy that stays");
  view.data = static_cast<const uint8_t*>(buffer.Data()) + a.ByteOffset();
  view.rows = static_cast<int64_t>(a.ElementLength());
  view.rowSize = 1;
  return view;
}

Napi::Float32Array toFloats(const Napi::Value& v, const char* what) {
  if (!v.IsTypedArray() || v.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array)
    throw Error("ERR_SPEC", std::string(what) + " must be a Float32Array");
  return v.As<Napi::Float32Array>();
}

}  // namespace gemmfit::addon
