#include <algorithm>

#include "native/addon/instance.h"
#include "native/addon/wraps.h"

namespace gemmfit::addon {
namespace {

Mode toMode(const std::string& name) {
  if (name == "train") return Mode::train;
  if (name == "test") return Mode::test;
  if (name == "predict") return Mode::predict;
  throw Error("ERR_SPEC", "unknown mode '" + name + "'");
}

Napi::Object toObject(Napi::Env env, const Totals& t) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("loss", t.loss);
  o.Set("steps", static_cast<double>(t.steps));
  Napi::Array metrics = Napi::Array::New(env, t.metrics.size());
  for (size_t i = 0; i < t.metrics.size(); ++i) {
    Napi::Array values = Napi::Array::New(env, t.metrics[i].size());
    for (size_t k = 0; k < t.metrics[i].size(); ++k) values.Set(static_cast<uint32_t>(k), t.metrics[i][k]);
    metrics.Set(static_cast<uint32_t>(i), values);
  }
  o.Set("metrics", metrics);
  return o;
}

std::vector<VariablePtr> toVariables(const Napi::Value& v, Instance& instance) {
  std::vector<VariablePtr> out;
  if (!v.IsArray()) throw Error("ERR_SPEC", "variables must be a list");
  const auto a = v.As<Napi::Array>();
  for (uint32_t i = 0; i < a.Length(); ++i) {
    const Napi::Value item = a.Get(i);
    if (!item.IsObject() || !item.As<Napi::Object>().InstanceOf(instance.variable.Value())) throw Error("ERR_SPEC", "not a variable");
    out.push_back(VariableWrap::Unwrap(item.As<Napi::Object>())->variable);
  }
  return out;
}

bool isNetwork(const Napi::Value& v, Instance& instance) {
  return v.IsObject() && !instance.network.IsEmpty() && v.As<Napi::Object>().InstanceOf(instance.network.Value());
}

// The network's work on the pool, with a team when there are stages to share.
class NetworkJob : public Job {
 public:
  NetworkJob(std::shared_ptr<Network> n, std::shared_ptr<Feeds> f, RunRequest r)
      : network(std::move(n)), feeds(std::move(f)), request(std::move(r)), team_(runTask, network.get()) {}
  void run() override;
  void stop() override { network->stop(); }
  Team* team() override { return &team_; }
  bool serves() const override { return network->isReader(); }

  std::shared_ptr<Network> network;
  std::shared_ptr<Feeds> feeds;
  RunRequest request;
  RunResult result;
  Instance* instance = nullptr;
  Pending* pending = nullptr;

 private:
  static void runTask(void* context, int stage, int64_t task) { static_cast<Network*>(context)->runStage(stage, task); }
  Team team_;
};

class PendingRun : public Pending {
 public:
  using Pending::Pending;
  void stop() override { work->network->stop(); }
  Napi::Value result(Napi::Env env) override {
    Napi::Object o = toObject(env, work->network->totals());
    o.Set("done", static_cast<double>(work->result.steps));
    o.Set("samples", static_cast<double>(work->result.samples));
    o.Set("foundNotFinite", work->result.foundNotFinite);
    o.Set("lossNotFinite", static_cast<double>(work->result.lossNotFinite));
    const std::vector<Totals>& epochs = work->result.epochs;
    Napi::Array list = Napi::Array::New(env, epochs.size());
    for (size_t i = 0; i < epochs.size(); ++i) list.Set(static_cast<uint32_t>(i), toObject(env, epochs[i]));
    o.Set("epochs", list);
    return o;
  }
  void release() override { work->network->release(); }
  void ended(Napi::Env env) override { wrap->tellMemory(env); }
  std::shared_ptr<NetworkJob> work;
  NetworkWrap* wrap = nullptr;  // kept alive below
  std::vector<Napi::ObjectReference> keepsAlive;
};

void NetworkJob::run() {
  try {
    result = network->run(*feeds, request, &team_);
  } catch (const Error& e) {
    pending->failed = true;
    pending->code = e.code;
    pending->message = e.what();
    pending->valueError = e.valueError;
  } catch (const std::exception& e) {
    pending->failed = true;
    pending->code = "ERR_MEMORY";
    pending->message = std::string("the engine could not go on: ") + e.what();
    pending->valueError = false;
  }
  instance->finished(pending);
}

}  // namespace

NetworkWrap::NetworkWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    Instance& instance = Instance::of(info.Env());
    if (isNetwork(info[0], instance)) {
      const NetworkWrap* model = Unwrap(info[0].As<Napi::Object>());
      if (!model->network_ || model->network_->isReader()) throw Error("ERR_SPEC", "a reader needs the network of a model");
      network_ = std::make_shared<Network>(*model->network_);
      if (info[1].IsBoolean() && info[1].As<Napi::Boolean>()) network_->traceWith(*model->network_);
      return;
    }
    network_ = std::make_shared<Network>(toValue(info[0]), toVariables(info[1], instance), toVariables(info[2], instance),
                                         toVariables(info[3], instance));
  });
}

Network& NetworkWrap::alive(Napi::Env env) {
  if (!network_) throw Instance::of(env).makeError(env, "the model has been disposed of", "ERR_DISPOSED", false);
  return *network_;
}

Napi::Value NetworkWrap::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Network& network = alive(env);
  Instance& instance = Instance::of(env);
  return guarded(env, [&]() -> Napi::Value {
    std::shared_ptr<Feeds> feeds = toFeeds(info[0], env);
    if (!info[1].IsObject()) throw Error("ERR_SPEC", "run needs a request");
    const auto options = info[1].As<Napi::Object>();
    RunRequest r;
    const gemmfit::Value spec = [&] {
      gemmfit::Value::Object plain;
      for (const char* key : {"mode", "sampleShape", "weightSteps", "steps", "call", "step", "reset", "epochSteps", "checkFinite"})
        plain[key] = toValue(options.Get(key));
      return gemmfit::Value(std::move(plain));
    }();
    r.mode = toMode(spec.text("mode", ""));
    r.sampleShape = spec.integers("sampleShape");
    r.weightSteps = spec.integer("weightSteps", 0);
    r.steps = spec.integer("steps", 0);
    r.call = spec.integer("call", 0);
    r.step = static_cast<uint64_t>(spec.integer("step", 0));
    r.reset = spec.flag("reset", true);
    r.epochSteps = spec.integer("epochSteps", 0);
    r.checkFinite = spec.flag("checkFinite", false);
    auto pending = std::make_unique<PendingRun>(env);
    if (options.Has("learningRates")) {
      const Napi::Float32Array rates = toFloats(options.Get("learningRates"), "learningRates");
      r.learningRates.assign(rates.Data(), rates.Data() + rates.ElementLength());
    }
    if (options.Has("predictions")) {
      Napi::Float32Array out = toFloats(options.Get("predictions"), "predictions");
      r.predictions = out.Data();
      r.capacity = static_cast<int64_t>(out.ElementLength());
      pending->keepsAlive.push_back(Napi::Persistent(out.As<Napi::Object>()));
    }
    network.acquire(r.mode);
    network.clearStop();
    pending->keepsAlive.push_back(Napi::Persistent(info[0].As<Napi::Object>()));
    pending->keepsAlive.push_back(Napi::Persistent(info.This().As<Napi::Object>()));
    auto job = std::make_shared<NetworkJob>(network_, std::move(feeds), std::move(r));
    job->instance = &instance;
    job->pending = pending.get();
    pending->work = job;
    pending->wrap = this;
    pending->job = job;
    const Napi::Promise promise = pending->deferred.Promise();
    instance.start(std::move(pending));
    return promise;
  });
}

// The lowest latency: on the JavaScript thread itself, for a few rows.
Napi::Value NetworkWrap::predictSync(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Network& network = alive(env);
  return guarded(env, [&]() -> Napi::Value {
    FeedSpec spec;
    spec.x = toArray(info[0], "x");
    RunRequest r;
    r.sampleShape = toIntegers(info[1], "sampleShape");
    spec.x.rowSize = std::max<int64_t>(1, sizeOf(r.sampleShape));
    spec.x.rows /= spec.x.rowSize;
    spec.count = spec.batch = spec.x.rows;
    Napi::Float32Array out = toFloats(info[2], "predictions");
    r.predictions = out.Data();
    r.capacity = static_cast<int64_t>(out.ElementLength());
    r.steps = 1;
    r.checkFinite = info[3].IsBoolean() && info[3].As<Napi::Boolean>().Value();
    RunResult result;
    Feed feed(std::move(spec));
    network.acquire(Mode::predict);
    network.clearStop();
    try {
      result = network.run(feed, r, nullptr);
    } catch (...) {
      network.release();
      network.rest();
      throw;
    }
    network.release();
    network.rest();
    tellMemory(env);
    return Napi::Boolean::New(env, !result.foundNotFinite);
  });
}

Napi::Value NetworkWrap::outputShape(const Napi::CallbackInfo& info) {
  Network& network = alive(info.Env());
  return guarded(info.Env(), [&]() -> Napi::Value {
    if (!network.isReader()) throw Error("ERR_SPEC", "outputShape is for readers: making a plan touches what a training uses");
    const Shape out = network.outputShape(toIntegers(info[0], "sampleShape"));
    Napi::Array a = Napi::Array::New(info.Env(), out.size());
    for (size_t i = 0; i < out.size(); ++i) a.Set(static_cast<uint32_t>(i), static_cast<double>(out[i]));
    return a;
  });
}

Napi::Value NetworkWrap::totals(const Napi::CallbackInfo& info) { return toObject(info.Env(), alive(info.Env()).totals()); }
// { loss, rows, steps, metrics: [Float64Array a chunk] }
Napi::Value NetworkWrap::trainingSums(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Network::Sums& sums = alive(env).trainingSums();
  Napi::Object out = Napi::Object::New(env);
  out.Set("loss", sums.loss);
  out.Set("rows", static_cast<double>(sums.rows));
  out.Set("steps", static_cast<double>(sums.steps));
  Napi::Array metrics = Napi::Array::New(env, sums.metrics.size());
  for (size_t c = 0; c < sums.metrics.size(); ++c) {
    Napi::Float64Array chunk = Napi::Float64Array::New(env, sums.metrics[c].size());
    std::copy(sums.metrics[c].begin(), sums.metrics[c].end(), chunk.Data());
    metrics.Set(static_cast<uint32_t>(c), chunk);
  }
  out.Set("metrics", metrics);
  return out;
}

Napi::Value NetworkWrap::setTrainingSums(const Napi::CallbackInfo& info) {
  Network& network = alive(info.Env());
  guarded(info.Env(), [&] {
    if (!info[0].IsObject()) throw Error("ERR_SPEC", "sums are an object");
    const auto given = info[0].As<Napi::Object>();
    Network::Sums sums;
    sums.loss = toValue(given.Get("loss")).asNumber("loss");
    sums.rows = toValue(given.Get("rows")).asInteger("rows");
    sums.steps = toValue(given.Get("steps")).asInteger("steps");
    if (!given.Get("metrics").IsArray()) throw Error("ERR_SPEC", "the metrics' sums are a list");
    const auto metrics = given.Get("metrics").As<Napi::Array>();
    for (uint32_t c = 0; c < metrics.Length(); ++c) {
      const ArrayView chunk = toArray(metrics.Get(c), "a chunk's sums");
      if (chunk.type != ElementType::float64) throw Error("ERR_SPEC", "a chunk's sums are doubles");
      const auto* from = static_cast<const double*>(chunk.data);
      sums.metrics.emplace_back(from, from + chunk.rows);
      if (sums.metrics.back().size() != sums.metrics.front().size()) throw Error("ERR_SPEC", "the chunks' sums differ in number");
    }
    network.acquire(Mode::predict);
    network.setTrainingSums(std::move(sums));
    network.release();
  });
  return info.Env().Undefined();
}

Napi::Value NetworkWrap::takeUpRows(const Napi::CallbackInfo& info) {
  Network& network = alive(info.Env());
  guarded(info.Env(), [&] {
    if (!network.takeUpRows())
      throw Error("ERR_BUSY", "weights cannot be changed while the model is at work; await the running fit, evaluate or predict first",
                  false);
  });
  return info.Env().Undefined();
}

Napi::Value NetworkWrap::progress(const Napi::CallbackInfo& info) { return toObject(info.Env(), alive(info.Env()).progress()); }

Napi::Value NetworkWrap::stop(const Napi::CallbackInfo& info) {
  if (network_) network_->stop();  // whoever stops what has been disposed of has what they want
  return info.Env().Undefined();
}

Napi::Value NetworkWrap::rest(const Napi::CallbackInfo& info) {
  if (network_) network_->rest();
  return info.Env().Undefined();
}

Napi::Value NetworkWrap::beginTrace(const Napi::CallbackInfo& info) {
  Network& network = alive(info.Env());
  guarded(info.Env(), [&] {
    network.acquire(Mode::predict);
    network.beginTrace();
    network.release();
  });
  return info.Env().Undefined();
}

// { labels, threads: [{ totals: [seconds, flops, count of each label], label, begin, duration }] }
Napi::Value NetworkWrap::endTrace(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Network& network = alive(env);
  return guarded(env, [&]() -> Napi::Value {
    network.acquire(Mode::predict);
    const std::shared_ptr<Trace> trace = network.endTrace();
    network.release();
    Napi::Object out = Napi::Object::New(env);
    Napi::Array labels = Napi::Array::New(env), threads = Napi::Array::New(env);
    out.Set("labels", labels);
    out.Set("threads", threads);
    if (!trace) return out;
    for (size_t i = 0; i < trace->labels().size(); ++i) labels.Set(static_cast<uint32_t>(i), trace->labels()[i]);
    for (const Trace::Log& log : trace->logs()) {
      Napi::Object thread = Napi::Object::New(env);
      Napi::Float64Array totals = Napi::Float64Array::New(env, 3 * log.totals.size());
      for (size_t i = 0; i < log.totals.size(); ++i) {
        totals[3 * i] = log.totals[i].seconds;
        totals[3 * i + 1] = log.totals[i].flops;
        totals[3 * i + 2] = static_cast<double>(log.totals[i].count);
      }
      Napi::Int32Array label = Napi::Int32Array::New(env, log.spans.size());
      Napi::Float64Array begin = Napi::Float64Array::New(env, log.spans.size()), duration = Napi::Float64Array::New(env, log.spans.size());
      for (size_t i = 0; i < log.spans.size(); ++i) {
        label[i] = log.spans[i].label;
        begin[i] = log.spans[i].begin;
        duration[i] = static_cast<double>(log.spans[i].duration);
      }
      thread.Set("totals", totals);
      thread.Set("label", label);
      thread.Set("begin", begin);
      thread.Set("duration", duration);
      threads.Set(threads.Length(), thread);
    }
    return out;
  });
}

// Frees plans and buffers at once. A running job keeps its own reference and ends first.
Napi::Value NetworkWrap::dispose(const Napi::CallbackInfo& info) {
  if (network_) network_->stop();
  network_.reset();
  tellMemory(info.Env());
  return info.Env().Undefined();
}

Napi::FunctionReference defineNetwork(Napi::Env env, Napi::Object exports) {
  const Napi::Function f = NetworkWrap::DefineClass(
      env, "Network",
      {NetworkWrap::InstanceMethod<&NetworkWrap::run>("run"), NetworkWrap::InstanceMethod<&NetworkWrap::predictSync>("predictSync"),
       NetworkWrap::InstanceMethod<&NetworkWrap::outputShape>("outputShape"), NetworkWrap::InstanceMethod<&NetworkWrap::totals>("totals"),
       NetworkWrap::InstanceMethod<&NetworkWrap::takeUpRows>("takeUpRows"),
       NetworkWrap::InstanceMethod<&NetworkWrap::trainingSums>("trainingSums"),
       NetworkWrap::InstanceMethod<&NetworkWrap::setTrainingSums>("setTrainingSums"),
       NetworkWrap::InstanceMethod<&NetworkWrap::progress>("progress"), NetworkWrap::InstanceMethod<&NetworkWrap::stop>("stop"),
       NetworkWrap::InstanceMethod<&NetworkWrap::rest>("rest"), NetworkWrap::InstanceMethod<&NetworkWrap::beginTrace>("beginTrace"),
       NetworkWrap::InstanceMethod<&NetworkWrap::endTrace>("endTrace"), NetworkWrap::InstanceMethod<&NetworkWrap::dispose>("dispose")});
  exports.Set("Network", f);
  return Napi::Persistent(f);
}

}  // namespace gemmfit::addon
