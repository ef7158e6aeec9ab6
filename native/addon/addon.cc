#include <hwy/targets.h>
#include <napi.h>

#include <limits>

#include "native/addon/instance.h"
#include "native/addon/wraps.h"
#include "native/engine/guard.h"
#include "native/engine/paths.h"
#include "native/kernels/gemm/bf16.h"
#include "native/kernels/gemm/blas.h"
#include "native/kernels/gemm/choice.h"
#include "native/kernels/orthogonal.h"
#include "native/kernels/peak.h"
#include "native/kernels/random.h"

namespace gemmfit::addon {
namespace {

Napi::Value setThreads(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { Pool::instance().setThreads(static_cast<int>(toValue(info[0]).asInteger("threads"))); });
  return info.Env().Undefined();
}

Napi::Value info(const Napi::CallbackInfo& call) {
  Napi::Object o = Napi::Object::New(call.Env());
  o.Set("blas", blasName());
  guarded(call.Env(), [&] { o.Set("gemm", gemmChoiceName()); });
  // The best set of instructions that both this machine and this build have: the lowest bit.
  const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  o.Set("simd", hwy::TargetName(targets & -targets));
  constexpr const char* bf16Kernels[] = {"emulated", "AVX512_BF16", "AMX"};
  o.Set("bfloat16", bf16Kernels[static_cast<int>(bf16Kernel())]);
  guarded(call.Env(), [&] {
    refuseOtherGuards();
    o.Set("threads", Pool::instance().threads());
  });
  return o;
}

Napi::Value randomFill(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const std::string kind = toValue(info[0]).asString("kind");
    const auto seed = static_cast<uint64_t>(toValue(info[1]).asInteger("seed"));
    Napi::Float32Array out = toFloats(info[2], "out");
    const float a = static_cast<float>(toValue(info[3]).asNumber("a")), b = static_cast<float>(toValue(info[4]).asNumber("b"));
    const auto n = static_cast<int64_t>(out.ElementLength());
    if (kind == "uniform")
      fillUniform(seed, out.Data(), n, a, b);
    else if (kind == "normal")
      fillNormal(seed, out.Data(), n, a, b);
    else if (kind == "truncatedNormal")
      fillTruncatedNormal(seed, out.Data(), n, a, b);
    else
      throw Error("ERR_SPEC", "unknown distribution '" + kind + "'");
  });
  return info.Env().Undefined();
}

Napi::Value orthogonalFill(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const auto seed = static_cast<uint64_t>(toValue(info[0]).asInteger("seed"));
    const int64_t rows = toValue(info[1]).asInteger("rows"), columns = toValue(info[2]).asInteger("columns");
    Napi::Float32Array out = toFloats(info[4], "out");
    if (rows < 1 || columns < 1 || rows * columns != static_cast<int64_t>(out.ElementLength()))
      throw Error("ERR_SPEC", "orthogonal: sizes differ");
    orthogonal(seed, rows, columns, static_cast<float>(toValue(info[3]).asNumber("gain")), out.Data());
  });
  return info.Env().Undefined();
}

Napi::Value firstOutsideOf(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const ArrayView a = toArray(info[0], "array");
    const double except = info[4].IsNumber() ? info[4].As<Napi::Number>().DoubleValue() : std::numeric_limits<double>::quiet_NaN();
    return Napi::Number::New(info.Env(),
                             static_cast<double>(firstOutside(a, toValue(info[1]).asNumber("low"), toValue(info[2]).asNumber("high"),
                                                              toValue(info[3]).asNumber("wholeNumbers") != 0, except)));
  });
}

Napi::Value firstNotFiniteOf(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(firstNotFinite(toArray(info[0], "array"))));
  });
}

Napi::Value paths(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    Napi::Object o = Napi::Object::New(info.Env());
    for (const PathCount& path : pathCounts()) o.Set(path.name, static_cast<double>(path.times));
    return o;
  });
}

}  // namespace

void defineFunctions(Napi::Env env, Napi::Object exports) {
  exports.Set("setThreads", Napi::Function::New(env, setThreads, "setThreads"));
  exports.Set("info", Napi::Function::New(env, info, "info"));
  exports.Set("randomFill", Napi::Function::New(env, randomFill, "randomFill"));
  exports.Set("orthogonal", Napi::Function::New(env, orthogonalFill, "orthogonal"));
  exports.Set("measurePeak",
              Napi::Function::New(
                  env, [](const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), measurePeak()); }, "measurePeak"));
  exports.Set("paths", Napi::Function::New(env, paths, "paths"));
  exports.Set("firstOutside", Napi::Function::New(env, firstOutsideOf, "firstOutside"));
  exports.Set("firstNotFinite", Napi::Function::New(env, firstNotFiniteOf, "firstNotFinite"));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData<Instance>(new Instance(env, exports));
  return exports;
}

NODE_API_MODULE(gemmfit, init)

}  // namespace gemmfit::addon
