#pragma once
#include <napi.h>

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>

#include "native/engine/error.h"
#include "native/engine/pool.h"

namespace gemmfit::addon {

// Something that the JavaScript thread is told of by another.
class Notice {
 public:
  virtual ~Notice() = default;
  virtual void arrive(Napi::Env env) = 0;
};

// A promise that waits for the pool. Made and deleted on the JavaScript thread; `run` of its job executes on a pool thread.
class Pending : public Notice {
 public:
  explicit Pending(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
  void arrive(Napi::Env env) final;               // its job has ended
  virtual void stop() = 0;                        // asks the job to end soon
  virtual Napi::Value result(Napi::Env env) = 0;  // on the JavaScript thread, after success
  virtual void release() = 0;                     // on the JavaScript thread, in any case: gives locks back
  virtual void ended(Napi::Env) {}                // after it, unless the environment has ended before
  Napi::Promise::Deferred deferred;
  std::shared_ptr<Job> job;
  bool failed = false;
  std::string code, message;
  bool valueError = true;
};

// What one environment (the main thread, a worker) has of the addon. There are no mutable statics beside the pool.
//
// Threads: everything here belongs to the JavaScript thread, but `finished` and `tell`, which pool threads call. When the environment ends,
// jobs are stopped and waited for before the thread-safe function goes, so that no pool thread ever calls into a dead environment.
class Instance {
 public:
  Instance(Napi::Env env, Napi::Object exports);
  static Instance& of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

  void start(std::unique_ptr<Pending> pending);  // submits pending->job
  void finished(Pending* pending);               // any thread
  void tell(Notice* notice);                     // any thread; what lives at least until the job that calls it has been settled

  Napi::Error makeError(Napi::Env env, const std::string& message, const std::string& code, bool valueError);
  Napi::Error makeError(Napi::Env env, const Error& e) { return makeError(env, e.what(), e.code, e.valueError); }

  Napi::FunctionReference variable, feed, feedQueue, network, valueErrorClass, runtimeErrorClass;

 private:
  static void callJs(napi_env env, napi_value callback, void* context, void* data);
  static void cleanup(void* data);
  friend class Pending;
  void settle(Napi::Env env, Pending* pending);

  napi_env env_;
  napi_threadsafe_function notify_ = nullptr;
  std::list<std::unique_ptr<Pending>> pending_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int unfinished_ = 0;  // jobs that have not called finished
  bool closing_ = false;
};

// Memory outside JavaScript's heap that objects of JavaScript keep: without knowing of it, the garbage collector lets them pile up.
class ExternalMemory {
 public:
  // From now on so many bytes. On the JavaScript thread, until the last call with 0, in the object's finalizer.
  void tell(napi_env env, int64_t bytes) {
    int64_t all = 0;
    if (bytes != told_ && napi_adjust_external_memory(env, bytes - told_, &all) == napi_ok) told_ = bytes;
  }

 private:
  int64_t told_ = 0;
};

// Runs f; an engine error becomes a JavaScript one of the right class.
template <class F>
auto guarded(Napi::Env env, F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Error& e) {
    throw Instance::of(env).makeError(env, e);
  } catch (const std::bad_alloc&) {
    throw Instance::of(env).makeError(env, "out of memory", "ERR_MEMORY", false);
  } catch (const std::length_error& e) {
    throw Instance::of(env).makeError(env, std::string("a list is too long for the memory: ") + e.what(), "ERR_MEMORY", false);
  }
}

}  // namespace gemmfit::addon
