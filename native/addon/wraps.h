#pragma once
#include <napi.h>

#include <memory>
#include <vector>

#include "native/addon/instance.h"
#include "native/engine/feed.h"
#include "native/engine/feed_queue.h"
#include "native/engine/network.h"
#include "native/engine/value.h"
#include "native/engine/variable.h"

namespace gemmfit::addon {

Value toValue(const Napi::Value& v, int depth = 0);
std::vector<int64_t> toIntegers(const Napi::Value& v, const char* what);
// { classes, weights, argmax, labelWidth }, or nothing.
// A typed array as the engine reads it. Throws where it is none, or where its buffer is gone.
ArrayView toArray(const Napi::Value& v, const char* what);
Napi::Float32Array toFloats(const Napi::Value& v, const char* what);

class VariableWrap : public Napi::ObjectWrap<VariableWrap> {
 public:
  explicit VariableWrap(const Napi::CallbackInfo& info);
  ~VariableWrap() override = default;
  void Finalize(Napi::Env env) override;
  Napi::Value size(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value clear(const Napi::CallbackInfo& info);
  Napi::Value readState(const Napi::CallbackInfo& info);
  Napi::Value writeState(const Napi::CallbackInfo& info);
  VariablePtr variable;

 private:
  ExternalMemory memory_;
};

class FeedWrap : public Napi::ObjectWrap<FeedWrap> {
 public:
  explicit FeedWrap(const Napi::CallbackInfo& info);
  // Throws where an array has been detached or resized since; the arrays are referenced as long as the feed lives.
  void check(Napi::Env env);
  void Finalize(Napi::Env env) override { memory_.tell(env, 0); }
  std::shared_ptr<Feed> feed;

 private:
  struct Held {
    Napi::ObjectReference array;
    const void* data;
    size_t bytes;
  };
  std::vector<Held> held_;
  ExternalMemory memory_;
  ArrayView hold(const Napi::Object& spec, const char* name, const char* sizeName);
};

// Batches that JavaScript puts in while a run takes them.
class FeedQueueWrap : public Napi::ObjectWrap<FeedQueueWrap>, public Notice {
 public:
  explicit FeedQueueWrap(const Napi::CallbackInfo& info);
  Napi::Value kind(const Napi::CallbackInfo& info);
  Napi::Value push(const Napi::CallbackInfo& info);
  Napi::Value length(const Napi::CallbackInfo& info);
  Napi::Value clear(const Napi::CallbackInfo& info);
  void arrive(Napi::Env env) override;  // there is room
  void Finalize(Napi::Env env) override { memory_.tell(env, 0); }
  std::shared_ptr<FeedQueue> queue;

 private:
  Napi::FunctionReference room_;
  FeedSpec spec_;  // of the batches that come next, without their arrays
  int64_t kind_ = 0;
  ExternalMemory memory_;
};

// What a run takes its batches from: a feed or a queue, whose arrays are still there.
std::shared_ptr<Feeds> toFeeds(const Napi::Value& v, Napi::Env env);

class NetworkWrap : public Napi::ObjectWrap<NetworkWrap> {
 public:
  explicit NetworkWrap(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value predictSync(const Napi::CallbackInfo& info);
  Napi::Value outputShape(const Napi::CallbackInfo& info);
  Napi::Value totals(const Napi::CallbackInfo& info);
  Napi::Value takeUpRows(const Napi::CallbackInfo& info);
  Napi::Value trainingSums(const Napi::CallbackInfo& info);
  Napi::Value setTrainingSums(const Napi::CallbackInfo& info);
  Napi::Value progress(const Napi::CallbackInfo& info);
  Napi::Value rest(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  Napi::Value beginTrace(const Napi::CallbackInfo& info);
  Napi::Value endTrace(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env env) override { memory_.tell(env, 0); }
  // The memory of plans is what it is after a job; between jobs.
  void tellMemory(Napi::Env env) { memory_.tell(env, network_ ? network_->bytes() : 0); }

 private:
  Network& alive(Napi::Env env);
  std::shared_ptr<Network> network_;
  ExternalMemory memory_;
};

Napi::FunctionReference defineVariable(Napi::Env env, Napi::Object exports);
Napi::FunctionReference defineFeed(Napi::Env env, Napi::Object exports);
Napi::FunctionReference defineFeedQueue(Napi::Env env, Napi::Object exports);
Napi::FunctionReference defineNetwork(Napi::Env env, Napi::Object exports);
void defineFunctions(Napi::Env env, Napi::Object exports);

}  // namespace gemmfit::addon
