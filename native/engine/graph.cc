#include "native/engine/graph.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/memory.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

// For ops that treat the steps of a masked sequence as if all were there: `unmaskedAxes` of the sample may not be steps of a mask.
void refuseMask(const Value& spec, const Shape& in, int64_t maskSteps) {
  int64_t masked = 0, steps = 1;  // leading axes that the mask covers
  while (steps < maskSteps && masked < static_cast<int64_t>(in.size())) steps *= in[asSize(masked++)];
  for (const int64_t axis : spec.integers("unmaskedAxes"))
    if (axis < masked)
      throw Error("ERR_MASK", spec.text("label", "an op") + " works along axis " + std::to_string(axis + 1) +
                                  ", whose steps are masked, and masked steps would take part. Mask after it, or name another axis");
}

// Before memory is planned: from here on sums and products of sizes stay within integers.
void refuseTooLarge(const Op& op, int64_t batch) {
  const int64_t size = sizeOf(op.out);
  if (size > kMostNumbers)
    throw Error("ERR_MEMORY", "an output of shape " + toString(op.out) + " has " + std::to_string(size) + " numbers (" +
                                  gibibytes(size * 4) + "), and a sample may have " + std::to_string(kMostNumbers) + " at most");
  floatsOf(size, batch);
  for (const Scratch& s : op.scratchSpec) floatsOf(s.perRow, batch, s.fixed);
}

// Ops that know nothing of values which are one for the whole batch take them only where all are.
void refuseMixture(const Node& node, const OpEnv& env, const Op& op) {
  const auto single = std::count_if(env.others.begin(), env.others.end(), [](const OpEnv::Other& other) { return other.single; });
  const auto all = static_cast<std::ptrdiff_t>(env.others.size());
  const bool some = env.single ? single < all : single > 0;
  if (some && !op.mixes) throw Error("ERR_SPEC", "the op '" + node.op + "' takes no values of samples beside those of the whole batch");
  if (op.rows == Op::Rows::overAll && env.steps > 1) throw Error("ERR_SPEC", "the op '" + node.op + "' is not for TimeDistributed");
}

// An op of a layer; what it refuses, it refuses in the layer's name.
std::unique_ptr<Op> makeNamed(const Value& spec, const OpEnv& env) {
  if (env.maskSteps > 0) refuseMask(spec, env.in, env.maskSteps);
  try {
    floatsOf(sizeOf(env.in), env.batch);
    std::unique_ptr<Op> op = makeOp(spec, env);
    refuseTooLarge(*op, env.batch);
    return op;
  } catch (const Error& e) {
    const std::string label = spec.text("label", ""), message = e.what();
    if (label.empty() || message.find(label) != std::string::npos) throw;
    throw Error(e.code, label + ": " + message + ". Received samples of shape " + toString(env.in), e.valueError);
  }
}

}  // namespace

Graph::Graph(const Program& program, Weights& weights, const std::vector<VariablePtr>& states, Mode mode, const Shape& in,
             int64_t batchRows)
    : batch(batchRows), values(asSize(program.values())) {
  value(0).shape = in;
  value(0).source = Source::batch;
  const std::vector<bool> live = findLive(program, mode);
  countUses(program, live, weights.count());
  for (size_t i = 0; i < live.size(); ++i) {
    const Node& node = program.nodes()[i];
    if (!live[i]) continue;
    if (sourceOf(node.op) != Source::none)
      addSource(node, weights, mode == Mode::train);
    else
      add(node, program, weights, states, mode == Mode::train);
  }
  if (!value(result).within.empty()) throw Error("ERR_SPEC", "the program ends inside TimeDistributed");
  if (value(result).single) throw Error("ERR_SHAPE", "the model's output is one for the whole batch, and every sample needs its own");
  for (const int id : addedLosses)
    if (!value(id).single || sizeOf(value(id).shape) != 1)
      throw Error("ERR_SPEC", "an added loss is a single number; it has shape " + toString(value(id).shape));
}

// Which nodes are run in this mode: those that predictions, the loss or a metric hang on.
std::vector<bool> Graph::findLive(const Program& program, Mode mode) {
  same_.resize(asSize(program.values()));
  for (size_t i = 0; i < same_.size(); ++i) same_[i] = static_cast<int>(i);
  for (const Node& n : program.nodes())
    if (n.op == "byMode") same_[asSize(n.output)] = resolved(n.inputs[mode == Mode::train ? 0 : 1]);
  result = resolved(program.result());
  logits = program.logits() < 0 ? -1 : resolved(program.logits());
  losses = mode == Mode::predict || program.losses() < 0 ? -1 : resolved(program.losses());
  if (mode != Mode::predict) {
    for (const int id : program.addedLosses()) addedLosses.push_back(resolved(id));
    for (const int id : program.metricValues()) metricValues.push_back(resolved(id));
  }
  std::vector<bool> read(same_.size(), false), live(program.nodes().size(), false);
  std::vector<int> roots = {result};
  if (losses >= 0) roots.push_back(losses);
  roots.insert(roots.end(), addedLosses.begin(), addedLosses.end());
  roots.insert(roots.end(), metricValues.begin(), metricValues.end());
  for (const int id : roots) {
    read[asSize(id)] = true;
    value(id).headReads = true;
  }
  for (size_t i = live.size(); i-- > 0;) {
    const Node& n = program.nodes()[i];
    if (n.op == "byMode" || !read[asSize(n.output)]) continue;
    live[i] = true;
    for (const int id : n.inputs) read[asSize(resolved(id))] = true;
  }
  if (logits >= 0 && logits != 0 && !read[asSize(logits)]) logits = -1;
  return live;
}

void Graph::countUses(const Program& program, const std::vector<bool>& live, int64_t weights) {
  uses_.assign(asSize(weights), 0);
  used_.assign(asSize(weights), 0);
  for (size_t i = 0; i < live.size(); ++i)
    if (live[i] && handsOver(program.nodes()[i].op))
      for (const int id : program.nodes()[i].weights) ++uses_[asSize(id)];
}

// What the updater is asked with for one use of a weight. Where ops share a trained weight each hands over a gradient of its own, and they
// are added in the order of the program.
int Graph::use(int weight, Weights& weights, bool training) {
  const int before = used_[asSize(weight)]++;
  return training && before > 0 && weights.wants(weight) ? weights.sharer(weight, before) : weight;
}

void Graph::addSource(const Node& node, Weights& weights, bool training) {
  GraphValue& v = value(node.output);
  v.source = sourceOf(node.op);
  v.single = v.source != Source::label;
  if (v.source == Source::weight) {
    v.weight = use(node.weights[0], weights, training);
    v.variable = weights.variable(v.weight).get();
    v.shape = v.variable->shape;
    v.trains = training && weights.wants(v.weight);
    if (v.trains && uses_[asSize(node.weights[0])] > 1) weights.needBuffer(node.weights[0]);
  } else if (v.source == Source::label) {
    v.shape = value(result).shape;  // its last axis may have another size: 1 for classes by number
    if (v.shape.empty()) throw Error("ERR_SPEC", "labels are read by ops behind the one that makes the predictions");
    v.shape.back() = node.spec->integer("width");
  } else {
    v.shape = node.spec->integers("shape");
    if (sizeOf(v.shape) > kMostNumbers) refuseShape(v.shape);
  }
  if (v.source == Source::constant) {
    const std::vector<double> numbers = node.spec->numbers("numbers");
    if (numbers.size() != 1 && static_cast<int64_t>(numbers.size()) != sizeOf(v.shape))
      throw Error("ERR_SPEC", "a constant of shape " + toString(v.shape) + " has " + std::to_string(numbers.size()) + " numbers");
    for (int64_t i = 0; i < sizeOf(v.shape); ++i) v.numbers.push_back(static_cast<float>(numbers[numbers.size() == 1 ? 0 : asSize(i)]));
  }
  sources.push_back(node.output);
}

int64_t Graph::maskSteps(int id) const {
  const int mask = value(id).mask;
  return mask < 0 ? 0 : value(mask).shape[0] / value(id).rows;
}

OpEnv Graph::envOf(const Node& node, const Program& program, Weights& weights, bool training) {
  const GraphValue& first = value(resolved(node.inputs[0]));
  OpEnv env;
  env.in = first.shape;
  env.single = first.single;
  int64_t rows = first.single ? 0 : first.rows;
  env.training = training;
  env.maskSteps = maskSteps(resolved(node.inputs[0]));
  for (size_t k = 1; k < node.inputs.size(); ++k) {
    const int id = resolved(node.inputs[k]);
    const GraphValue& other = value(id);
    if (!other.single && rows != 0 && other.rows != rows)
      throw Error("ERR_SPEC", "the op '" + node.op + "' reads values inside and outside of TimeDistributed");
    if (!other.single) rows = other.rows;
    env.others.push_back({other.shape, maskSteps(id), other.mask == first.mask, other.single, other.trains});
  }
  env.batch = rows == 0 ? 1 : batch * rows;
  env.steps = first.rows;
  if (!first.within.empty()) {
    const Around& around = first.within.back();
    env.stepsAround = around.steps;
    env.maskAround = around.mask < 0 ? 0 : value(around.mask).shape[0] / (first.rows / around.steps);
  }
  env.needsInputGradient = first.trains;
  env.seed = node.seed;
  for (const int given : node.weights) {
    const int id = handsOver(node.op) ? use(given, weights, training) : given;
    env.weightIds.push_back(id);
    if (training && weights.wants(id) && uses_[asSize(given)] > 1) weights.needBuffer(given);
    env.weights.push_back(weights.variable(id));
    env.trainable.push_back(training && weights.wants(id));
  }
  if (training)
    env.lazyRows = [this, &program, &weights, ids = node.weights](size_t weight, int64_t width) {
      if (program.isReadWhole(ids[weight]) || uses_[asSize(ids[weight])] > 1 || !weights.offersLazyRows(ids[weight], width)) return false;
      lazyTables.push_back(ids[weight]);
      return true;
    };
  return env;
}

void Graph::add(const Node& node, const Program& program, Weights& weights, const std::vector<VariablePtr>& states, bool training) {
  OpEnv env = envOf(node, program, weights, training);
  env.states = states;
  const int index = count();
  GraphOp made;
  made.op = makeNamed(*node.spec, env);
  made.op->in = env.in;
  refuseMixture(node, env, *made.op);
  made.op->maskInSteps = env.maskSteps;
  made.op->others.resize(env.others.size());
  made.name = node.op + " #" + std::to_string(index);
  made.label = node.label;
  for (const int id : node.inputs) made.inputs.push_back(resolved(id));
  made.output = node.output;
  made.once = std::all_of(made.inputs.begin(), made.inputs.end(), [&](int id) { return value(id).single; });
  for (size_t k = 0; k < env.weightIds.size(); ++k) {
    made.trains = made.trains || env.trainable[k];
    if (env.trainable[k] && made.op->wantsGradientBuffer(static_cast<int>(k))) weights.needBuffer(env.weightIds[k]);
  }
  for (size_t k = 0; k < made.inputs.size(); ++k) {
    made.trains = made.trains || value(made.inputs[k]).trains;
    value(made.inputs[k]).readers.push_back({index, static_cast<int>(k)});
  }
  made.trains = made.trains && !made.op->stopsGradient;
  GraphValue& output = value(made.output);
  output.shape = made.op->out;
  output.maker = index;
  output.trains = made.trains;
  addRows(made);
  addMask(made);
  ops.push_back(std::move(made));
}

// Steps become rows on the way into TimeDistributed, and steps again on the way out.
void Graph::addRows(GraphOp& made) {
  const auto of = std::find_if(made.inputs.begin(), made.inputs.end(), [&](int id) { return !value(id).single; });
  const GraphValue& first = value(of == made.inputs.end() ? made.inputs[0] : *of);
  GraphValue& output = value(made.output);
  output.single = made.once || made.op->rows == Op::Rows::overAll;
  made.rows = first.rows;
  if (output.single) return;
  output.rows = first.rows;
  output.within = first.within;
  if (made.op->rows == Op::Rows::fromSteps) {
    output.rows *= first.shape[0];
    output.within.push_back({first.shape[0], first.mask});
  } else if (made.op->rows == Op::Rows::toSteps) {
    output.rows /= output.within.back().steps;
    output.within.pop_back();
  }
  made.rows = std::min(output.rows, first.rows);
}

// The mask of what an op makes: that of its first input, none, or one that it makes itself.
void Graph::addMask(GraphOp& made) {
  for (const int input : made.inputs) made.masks.push_back(value(input).mask);
  if (made.op->rows == Op::Rows::toSteps && made.masks[0] < 0) made.masks[0] = value(made.inputs[0]).within.back().mask;
  int mask = made.masks[0];
  if (made.op->mask == Op::Mask::drop) mask = -1;
  if (made.op->mask == Op::Mask::make) {
    mask = static_cast<int>(values.size());
    values.emplace_back();
    values.back().shape = {made.op->maskSteps * made.rows};
    values.back().maker = count();
  }
  value(made.output).mask = mask;
}

bool Graph::isOnlyReader(int op, int id) const {
  return id != result && id != logits && !value(id).headReads && value(id).readers.size() == 1 && value(id).readers[0].op == op;
}

void Graph::traceBackward(int fromLoss) {
  std::vector<int> tops = addedLosses;
  tops.push_back(fromLoss);
  bool any = false;
  for (const int id : tops) any = (value(id).lossWrites = value(id).trains) || any;
  if (!any) throw Error("ERR_SPEC", "nothing below the loss can be trained");
  for (int i = count() - 1; i >= 0; --i) {
    GraphOp& o = ops[asSize(i)];
    if (!o.trains || !(value(o.output).hasGradient() || o.op->hasPenalty())) continue;
    o.backward = GraphOp::Backward::runs;
    for (size_t k = 0; k < o.inputs.size(); ++k)
      if (value(o.inputs[k]).trains) value(o.inputs[k]).writers.push_back({i, static_cast<int>(k)});
  }
}

bool Graph::wantsDx(const Reader& edge) const {
  const GraphOp& o = ops[asSize(edge.op)];
  return o.backward != GraphOp::Backward::none && value(o.inputs[asSize(edge.input)]).trains;
}

bool Graph::isFirstWriter(const Reader& edge) const {
  const GraphValue& v = value(ops[asSize(edge.op)].inputs[asSize(edge.input)]);
  return !v.lossWrites && !v.writers.empty() && v.writers[0].op == edge.op && v.writers[0].input == edge.input;
}

}  // namespace gemmfit
