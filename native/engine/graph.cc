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
    : batch(batchRows), values(asSize(program.values())), result(program.result()), logits(program.logits()) {
  value(0).shape = in;
  for (const Node& node : program.nodes()) add(node, program, weights, states, mode == Mode::train);
  if (!value(result).within.empty()) throw Error("ERR_SPEC", "the program ends inside TimeDistributed");
}

int64_t Graph::maskSteps(int id) const {
  const int mask = value(id).mask;
  return mask < 0 ? 0 : value(mask).shape[0] / value(id).rows;
}

OpEnv Graph::envOf(const Node& node, const Program& program, Weights& weights, bool training) {
  const GraphValue& first = value(node.inputs[0]);
  OpEnv env;
  env.in = first.shape;
  env.batch = batch * first.rows;
  env.training = training;
  env.maskSteps = maskSteps(node.inputs[0]);
  for (size_t k = 1; k < node.inputs.size(); ++k) {
    const GraphValue& other = value(node.inputs[k]);
    if (other.rows != first.rows || other.within.size() != first.within.size())
      throw Error("ERR_SPEC", "the op '" + node.op + "' reads values inside and outside of TimeDistributed");
    env.others.push_back({other.shape, maskSteps(node.inputs[k]), other.mask == first.mask});
  }
  env.steps = first.rows;
  if (!first.within.empty()) {
    const Around& around = first.within.back();
    env.stepsAround = around.steps;
    env.maskAround = around.mask < 0 ? 0 : value(around.mask).shape[0] / (first.rows / around.steps);
  }
  env.needsInputGradient = first.trains;
  env.seed = node.seed;
  env.weightIds = node.weights;
  for (const int id : node.weights) {
    env.weights.push_back(weights.variable(id));
    env.trainable.push_back(training && weights.wants(id));
  }
  if (training)
    env.lazyRows = [this, &program, &weights, ids = node.weights](size_t weight, int64_t width) {
      if (program.isReadWhole(ids[weight]) || !weights.offersLazyRows(ids[weight], width)) return false;
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
  made.op->maskInSteps = env.maskSteps;
  made.op->others.resize(env.others.size());
  made.name = node.op + " #" + std::to_string(index);
  made.label = node.label;
  made.inputs = node.inputs;
  made.output = node.output;
  for (size_t k = 0; k < env.weightIds.size(); ++k) {
    made.trains = made.trains || env.trainable[k];
    if (env.trainable[k] && made.op->wantsGradientBuffer(static_cast<int>(k))) weights.needBuffer(env.weightIds[k]);
  }
  for (size_t k = 0; k < made.inputs.size(); ++k) {
    made.trains = made.trains || value(made.inputs[k]).trains;
    value(made.inputs[k]).readers.push_back({index, static_cast<int>(k)});
  }
  GraphValue& output = value(made.output);
  output.shape = made.op->out;
  output.maker = index;
  output.trains = made.trains;
  addRows(made);
  made.rows = std::min(output.rows, value(made.inputs[0]).rows);
  addMask(made);
  ops.push_back(std::move(made));
}

// Steps become rows on the way into TimeDistributed, and steps again on the way out.
void Graph::addRows(const GraphOp& made) {
  const GraphValue& first = value(made.inputs[0]);
  GraphValue& output = value(made.output);
  output.rows = first.rows;
  output.within = first.within;
  if (made.op->rows == Op::Rows::fromSteps) {
    output.rows *= first.shape[0];
    output.within.push_back({first.shape[0], first.mask});
  } else if (made.op->rows == Op::Rows::toSteps) {
    output.rows /= output.within.back().steps;
    output.within.pop_back();
  }
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
  return id != result && id != logits && value(id).readers.size() == 1 && value(id).readers[0].op == op;
}

void Graph::traceBackward(int fromLoss) {
  GraphValue& top = value(fromLoss);
  if (!top.trains) throw Error("ERR_SPEC", "nothing below the loss can be trained");
  top.lossWrites = true;
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
