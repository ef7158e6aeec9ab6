#include "native/addon/instance.h"
#include "native/addon/wraps.h"

namespace gemmfit::addon {

FeedQueueWrap::FeedQueueWrap(const Napi::CallbackInfo& info) : ObjectWrap(info), queue(std::make_shared<FeedQueue>()) {
  guarded(info.Env(), [&] {
    if (!info[0].IsFunction()) throw Error("ERR_SPEC", "a queue needs somebody to tell of room");
    room_ = Napi::Persistent(info[0].As<Napi::Function>());
    // A run keeps this object until it has been settled, which is after all that it tells.
    queue->onRoom = [this, instance = &Instance::of(info.Env())] { instance->tell(this); };
  });
}

void FeedQueueWrap::arrive(Napi::Env env) {
  try {
    room_.Call(env.Undefined(), {});
  } catch (const Napi::Error&) {
    // JavaScript may no longer run here (a terminated worker).
  }
}

// { xSize, ySize, weightSize, classWeights }: of the batches that come from now on.
Napi::Value FeedQueueWrap::kind(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    if (!info[0].IsObject()) throw Error("ERR_SPEC", "a kind of batches needs a description");
    const auto o = info[0].As<Napi::Object>();
    FeedSpec s;
    s.x.rowSize = toValue(o.Get("xSize")).asInteger("xSize");
    s.y.rowSize = toValue(o.Get("ySize")).asInteger("ySize");
    s.weights.rowSize = toValue(o.Get("weightSize")).asInteger("weightSize");
    s.classWeights = readClassWeights(toValue(o.Get("classWeights")));
    if (s.x.rowSize < 1 || s.y.rowSize < 0 || s.weights.rowSize < 0) throw Error("ERR_SPEC", "a kind of batches has sizes");
    spec_ = std::move(s);
    ++kind_;
  });
  return info.Env().Undefined();
}

// x, y and weights of one batch; whether there is room for another.
Napi::Value FeedQueueWrap::push(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    FeedSpec s = spec_;
    const char* names[] = {"x", "y", "weights"};
    ArrayView* arrays[] = {&s.x, &s.y, &s.weights};
    for (size_t i = 0; i < 3; ++i) {
      const int64_t rowSize = arrays[i]->rowSize;
      if (rowSize == 0) continue;
      ArrayView view = toArray(info[i], names[i]);
      if (view.rows == 0 || view.rows % rowSize != 0) throw Error("ERR_SPEC", std::string("'") + names[i] + "' does not divide into rows");
      view.rowSize = rowSize;
      view.rows /= rowSize;
      *arrays[i] = view;
    }
    if (!s.x.data) throw Error("ERR_SPEC", "a queue needs a kind of batches before the first of them");
    s.count = s.batch = s.x.rows;
    const bool room = queue->push(s, kind_);
    memory_.tell(info.Env(), queue->bytes());
    return Napi::Boolean::New(info.Env(), room);
  });
}

Napi::Value FeedQueueWrap::length(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(queue->size()));
}

Napi::Value FeedQueueWrap::clear(const Napi::CallbackInfo& info) {
  const int64_t given = queue->clear();
  memory_.tell(info.Env(), queue->bytes());
  return Napi::Number::New(info.Env(), static_cast<double>(given));
}

std::shared_ptr<Feeds> toFeeds(const Napi::Value& v, Napi::Env env) {
  Instance& instance = Instance::of(env);
  if (v.IsObject()) {
    const auto o = v.As<Napi::Object>();
    if (o.InstanceOf(instance.feedQueue.Value())) return FeedQueueWrap::Unwrap(o)->queue;
    if (o.InstanceOf(instance.feed.Value())) {
      FeedWrap* feed = FeedWrap::Unwrap(o);
      feed->check(env);
      return feed->feed;
    }
  }
  throw Error("ERR_SPEC", "run needs a feed");
}

Napi::FunctionReference defineFeedQueue(Napi::Env env, Napi::Object exports) {
  const Napi::Function f = FeedQueueWrap::DefineClass(
      env, "FeedQueue",
      {FeedQueueWrap::InstanceMethod<&FeedQueueWrap::kind>("kind"), FeedQueueWrap::InstanceMethod<&FeedQueueWrap::push>("push"),
       FeedQueueWrap::InstanceMethod<&FeedQueueWrap::length>("length"), FeedQueueWrap::InstanceMethod<&FeedQueueWrap::clear>("clear")});
  exports.Set("FeedQueue", f);
  return Napi::Persistent(f);
}

}  // namespace gemmfit::addon
