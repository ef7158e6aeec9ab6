#include "native/addon/instance.h"
#include "native/addon/wraps.h"
#include "native/engine/lazy_rows.h"

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

Napi::FunctionReference defineVariable(Napi::Env env, Napi::Object exports) {
  const Napi::Function f = VariableWrap::DefineClass(
      env, "Variable",
      {VariableWrap::InstanceAccessor<&VariableWrap::size>("size"), VariableWrap::InstanceMethod<&VariableWrap::read>("read"),
       VariableWrap::InstanceMethod<&VariableWrap::write>("write"), VariableWrap::InstanceMethod<&VariableWrap::clear>("clear")});
  exports.Set("Variable", f);
  return Napi::Persistent(f);
}

}  // namespace gemmfit::addon
