#include "native/addon/instance.h"
#include "native/addon/wraps.h"

namespace gemmfit::addon {

ArrayView FeedWrap::hold(const Napi::Object& spec, const char* name, const char* sizeName) {
  const Napi::Value v = spec.Get(name);
  if (v.IsUndefined() || v.IsNull()) return {};
  ArrayView view = toArray(v, name);
  const int64_t elements = view.rows, rowSize = toValue(spec.Get(sizeName)).asInteger(sizeName);
  if (rowSize < 1 || elements % rowSize != 0) throw Error("ERR_SPEC", std::string("'") + name + "' does not divide into rows");
  view.rowSize = rowSize;
  view.rows = elements / rowSize;
  held_.push_back({Napi::Persistent(v.As<Napi::Object>()), view.data, v.As<Napi::TypedArray>().ByteLength()});
  return view;
}

FeedWrap::FeedWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    if (!info[0].IsObject()) throw Error("ERR_SPEC", "a feed needs a description");
    const auto o = info[0].As<Napi::Object>();
    FeedSpec s;
    s.x = hold(o, "x", "xSize");
    s.y = hold(o, "y", "ySize");
    s.weights = hold(o, "weights", "weightSize");
    const Napi::Value order = o.Get("order");
    if (!order.IsUndefined() && !order.IsNull()) {
      if (!order.IsTypedArray() || order.As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array)
        throw Error("ERR_SPEC", "an order is a Uint32Array");
      const auto rows = order.As<Napi::Uint32Array>();
      s.order.assign(rows.Data(), rows.Data() + rows.ElementLength());
      s.shuffle = Shuffle::given;
    }
    gemmfit::Value::Object options;
    for (const char* key : {"first", "count", "batch", "seed", "pass", "passes", "skip", "shuffle", "classWeights"})
      options[key] = toValue(o.Get(key));
    feed = std::make_shared<Feed>(readFeedSpec(std::move(s), gemmfit::Value(std::move(options))));
    memory_.tell(info.Env(), feed->bytes());
  });
}

void FeedWrap::check(Napi::Env) {
  for (const Held& h : held_) {
    const auto a = h.array.Value().As<Napi::TypedArray>();
    Napi::ArrayBuffer buffer = a.ArrayBuffer();
    const void* data = buffer.IsDetached() ? nullptr : static_cast<const uint8_t*>(buffer.Data()) + a.ByteOffset();
    if (data != h.data || a.ByteLength() != h.bytes)
      throw Error("ERR_DETACHED",
                  "an array given to the model was transferred, detached or resized while it was in use; pass a copy that stays");
  }
}

Napi::FunctionReference defineFeed(Napi::Env env, Napi::Object exports) {
  const Napi::Function f = FeedWrap::DefineClass(env, "Feed", {});
  exports.Set("Feed", f);
  return Napi::Persistent(f);
}

}  // namespace gemmfit::addon
