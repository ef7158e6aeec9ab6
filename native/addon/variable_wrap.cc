#include <algorithm>

#include "native/addon/instance.h"
#include "native/addon/wraps.h"
#include "native/engine/lazy_rows.h"
#include "native/kernels/sizes.h"

namespace gemmfit::addon {

VariableWrap::VariableWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] { variable = std::make_shared<Variable>(toIntegers(info[0], "shape")); });
  memory_.tell(info.Env(), variable->size * 4);
}

void VariableWrap::Finalize(Napi::Env env) { memory_.tell(env, 0); }

Napi::Value VariableWrap::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(variable->size));
}

// Between batches (in a callback) weights can be read; within one they would be a mixture of two steps, so that is refused.
Napi::Value VariableWrap::read(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Napi::Float32Array into = toFloats(info[0], "the array to read into");
    if (static_cast<int64_t>(into.ElementLength()) != variable->size) throw Error("ERR_SHAPE", "the array to read into has another size");
    if (!readVariable(variable, into.Data()))
      throw Error("ERR_BUSY", "weights cannot be read while a fit is in a batch; await it, or read them in a callback", false);
  });
  return info.Env().Undefined();
}

Napi::Value VariableWrap::write(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const Napi::Float32Array from = toFloats(info[0], "the values");
    if (static_cast<int64_t>(from.ElementLength()) != variable->size)
      throw Error("ERR_SHAPE", "the values have another size than the weight");
    if (!writeVariable(variable, from.Data()))
      throw Error("ERR_BUSY", "weights cannot be changed while the model is at work; await the running fit, evaluate or predict first",
                  false);
  });
  return info.Env().Undefined();
}

Napi::Value VariableWrap::clear(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    if (!variable->tryExclusive())
      throw Error("ERR_BUSY", "states cannot be reset while the model is at work; await the running fit, evaluate or predict first", false);
    variable->reshape({0});
    variable->release();
  });
  return info.Env().Undefined();
}

Napi::Value VariableWrap::readState(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    LazyState rows;
    Napi::Float32Array values = Napi::Float32Array::New(env, asSize(variable->size));
    if (!readRaw(variable, values.Data(), &rows))
      throw Error("ERR_BUSY", "weights cannot be read while a fit is in a batch; await it, or read them in a callback", false);
    Napi::Array shape = Napi::Array::New(env, variable->shape.size());
    for (size_t i = 0; i < variable->shape.size(); ++i) shape.Set(static_cast<uint32_t>(i), static_cast<double>(variable->shape[i]));
    Napi::Int32Array updated = Napi::Int32Array::New(env, rows.updated.size());
    std::copy(rows.updated.begin(), rows.updated.end(), updated.Data());
    Napi::Float64Array scales = Napi::Float64Array::New(env, rows.scales.size());
    std::copy(rows.scales.begin(), rows.scales.end(), scales.Data());
    Napi::Object out = Napi::Object::New(env);
    out.Set("shape", shape);
    out.Set("values", values);
    out.Set("updated", updated);
    out.Set("scales", scales);
    return out;
  });
}

Napi::Value VariableWrap::writeState(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    if (!info[0].IsObject()) throw Error("ERR_SPEC", "a variable's state is an object");
    const auto state = info[0].As<Napi::Object>();
    const Napi::Float32Array values = toFloats(state.Get("values"), "the values");
    const ArrayView updated = toArray(state.Get("updated"), "updated"), scales = toArray(state.Get("scales"), "scales");
    if (updated.type != ElementType::int32 || scales.type != ElementType::float64)
      throw Error("ERR_SPEC", "the rows of a variable's state are of other types");
    RawState raw;
    raw.shape = toIntegers(state.Get("shape"), "shape");
    raw.values = values.Data();
    raw.count = static_cast<int64_t>(values.ElementLength());
    raw.rows.updated.assign(static_cast<const int32_t*>(updated.data), static_cast<const int32_t*>(updated.data) + updated.rows);
    raw.rows.scales.assign(static_cast<const double*>(scales.data), static_cast<const double*>(scales.data) + scales.rows);
    if (!writeRaw(variable, std::move(raw)))
      throw Error("ERR_BUSY", "weights cannot be changed while the model is at work; await the running fit, evaluate or predict first",
                  false);
  });
  return info.Env().Undefined();
}

Napi::FunctionReference defineVariable(Napi::Env env, Napi::Object exports) {
  const Napi::Function f = VariableWrap::DefineClass(
      env, "Variable",
      {VariableWrap::InstanceAccessor<&VariableWrap::size>("size"), VariableWrap::InstanceMethod<&VariableWrap::read>("read"),
       VariableWrap::InstanceMethod<&VariableWrap::write>("write"), VariableWrap::InstanceMethod<&VariableWrap::clear>("clear"),
       VariableWrap::InstanceMethod<&VariableWrap::readState>("readState"),
       VariableWrap::InstanceMethod<&VariableWrap::writeState>("writeState")});
  exports.Set("Variable", f);
  return Napi::Persistent(f);
}

}  // namespace gemmfit::addon
