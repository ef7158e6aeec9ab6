#include "native/addon/instance.h"

#include "native/addon/wraps.h"

namespace gemmfit::addon {

Instance::Instance(Napi::Env env, Napi::Object exports) : env_(env) {
  variable = defineVariable(env, exports);
  feed = defineFeed(env, exports);
  feedQueue = defineFeedQueue(env, exports);
  network = defineNetwork(env, exports);
  defineFunctions(env, exports);
  exports.Set("setErrorClasses", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                Instance& self = Instance::of(info.Env());
                self.valueErrorClass = Napi::Persistent(info[0].As<Napi::Function>());
                self.runtimeErrorClass = Napi::Persistent(info[1].As<Napi::Function>());
              }));
  // Last, when nothing can fail any more (as all of the above does in a worker that is being terminated): the environment keeps `this`.
  const auto name = Napi::String::New(env, "gemmfit");
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, callJs, &notify_) != napi_ok)
    throw Napi::Error::New(env, "gemmfit: the environment takes no more functions");
  napi_unref_threadsafe_function(env, notify_);
  // Hooks run last in, first out: this one before the thread-safe function's own.
  napi_add_env_cleanup_hook(env, cleanup, this);
}

void Instance::start(std::unique_ptr<Pending> pending) {
  std::shared_ptr<Job> job = pending->job;
  if (pending_.empty()) napi_ref_threadsafe_function(env_, notify_);
  pending_.push_back(std::move(pending));
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ++unfinished_;
  }
  Pool::instance().submit(std::move(job));
}

void Instance::finished(Pending* pending) {
  std::lock_guard<std::mutex> lock(mutex_);
  // Under the lock: once the count is down, cleanup may go on and the function be gone.
  if (!closing_) napi_call_threadsafe_function(notify_, static_cast<Notice*>(pending), napi_tsfn_nonblocking);
  --unfinished_;
  idle_.notify_all();
}

void Instance::tell(Notice* notice) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!closing_) napi_call_threadsafe_function(notify_, notice, napi_tsfn_nonblocking);
}

void Instance::callJs(napi_env env, napi_value, void*, void* data) {
  if (!env) return;  // the environment is going: cleanup has taken care
  Napi::HandleScope scope(env);
  static_cast<Notice*>(data)->arrive(env);
}

void Pending::arrive(Napi::Env env) { Instance::of(env).settle(env, this); }

void Instance::settle(Napi::Env env, Pending* pending) {
  std::unique_ptr<Pending> own;
  for (auto it = pending_.begin(); it != pending_.end(); ++it)
    if (it->get() == pending) {
      own = std::move(*it);
      pending_.erase(it);
      break;
    }
  if (!own) return;
  if (pending_.empty()) napi_unref_threadsafe_function(env, notify_);
  own->release();
  own->ended(env);
  try {
    if (own->failed)
      own->deferred.Reject(makeError(env, own->message, own->code, own->valueError).Value());
    else
      own->deferred.Resolve(own->result(env));
  } catch (const Napi::Error&) {
    // JavaScript may no longer run here (a terminated worker); nobody waits for the promise then.
  }
}

void Instance::cleanup(void* data) {
  auto* self = static_cast<Instance*>(data);
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->closing_ = true;
  }
  for (const auto& p : self->pending_) {
    p->stop();
    if (Pool::instance().cancel(p->job)) {
      std::lock_guard<std::mutex> lock(self->mutex_);
      --self->unfinished_;
    }
  }
  std::unique_lock<std::mutex> lock(self->mutex_);
  self->idle_.wait(lock, [&] { return self->unfinished_ == 0; });
  lock.unlock();
  for (const auto& p : self->pending_) p->release();
}

Napi::Error Instance::makeError(Napi::Env env, const std::string& message, const std::string& code, bool valueError) {
  const Napi::FunctionReference& type = valueError ? valueErrorClass : runtimeErrorClass;
  if (type.IsEmpty()) {
    Napi::Error plain = Napi::Error::New(env, message);
    plain.Set("code", Napi::String::New(env, code));
    return plain;
  }
  return Napi::Error(env, type.New({Napi::String::New(env, message), Napi::String::New(env, code)}));
}

}  // namespace gemmfit::addon
