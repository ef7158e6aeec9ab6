#include "native/engine/places.h"
#include "native/kernels/sizes.h"

#include <algorithm>

namespace gemmfit {
namespace {

int newPlace(Graph& graph, const Place& place) {
  graph.places.push_back(place);
  return static_cast<int>(graph.places.size()) - 1;
}

// Room for so many floats of a value.
int newPlace(Graph& graph, const GraphValue& v, int64_t floats) { return newPlace(graph, v.single ? Place{0, floats} : Place{floats, 0}); }

class ValuePlaces {
 public:
  ValuePlaces(Graph& graph, bool lossReadsLogits) : graph_(graph), lossReadsLogits_(lossReadsLogits) {}

  void place() {
    graph_.value(0).place = newPlace(graph_, graph_.value(0), graph_.value(0).floats());
    for (const int id : graph_.sources) graph_.value(id).place = newPlace(graph_, Place{0, 0, id});
    for (int i = 0; i < graph_.count(); ++i) {
      const GraphOp& o = graph_.ops[asSize(i)];
      const int first = graph_.value(o.inputs[0]).place;
      const bool shares = o.op->identity || (o.op->inPlace && mayOverwrite(i));
      graph_.value(o.output).place =
          shares ? first : newPlace(graph_, graph_.value(o.output), o.op->yIsSummed ? 0 : graph_.value(o.output).floats());
      keepFor(o);
    }
  }

 private:
  // What a later pass reads may not be overwritten.
  void keepFor(const GraphOp& o) {
    kept_.resize(graph_.places.size());
    const auto keep = [&](int value) { kept_[asSize(graph_.value(value).place)] = true; };
    if ((o.runsBackward() && (o.op->readsX || o.op->masksDx)) || o.op->hasPenalty())
      for (const int id : o.inputs) keep(id);
    if ((o.runsBackward() && o.op->readsY) || o.op->hasPenalty() || graph_.value(o.output).headReads) keep(o.output);
  }

  bool mayOverwrite(int i) const {
    const std::vector<int>& inputs = graph_.ops[asSize(i)].inputs;
    const int place = graph_.value(inputs[0]).place;
    if (graph_.isForeign(place) || kept_[asSize(place)]) return false;
    if (graph_.value(inputs[0]).single != graph_.value(graph_.ops[asSize(i)].output).single) return false;
    if (lossReadsLogits_ && graph_.value(graph_.logits).place == place) return false;
    for (size_t k = 1; k < inputs.size(); ++k)
      if (graph_.value(inputs[k]).place == place) return false;
    for (int j = i + 1; j < graph_.count(); ++j)
      for (const int id : graph_.ops[asSize(j)].inputs)
        if (graph_.value(id).place == place) return false;
    return true;
  }

  Graph& graph_;
  const bool lossReadsLogits_;
  std::vector<bool> kept_;  // places
};

// Whether the gradient of an op's first input may lie where that of its output is.
bool sharesDy(const Graph& graph, const GraphOp& o) {
  if (o.backward == GraphOp::Backward::passes) return true;
  if (!(o.op->inPlace || o.op->identity) || o.op->weightsReadDy || !graph.value(o.output).hasGradient()) return false;
  return std::count(o.inputs.begin(), o.inputs.end(), o.inputs[0]) == 1;
}

void placeWriter(Graph& graph, GraphValue& v, const Reader& writer) {
  GraphOp& o = graph.ops[asSize(writer.op)];
  const bool first = graph.isFirstWriter(writer), shares = writer.input == 0 && sharesDy(graph, o);
  int& place = o.dxPlaces[asSize(writer.input)];
  if (!first && o.op->canAddDx) {
    place = v.gradientPlace;
    (writer.input == 0 ? o.op->addsDx : o.op->others[asSize(writer.input) - 1].addsDx) = true;
    return;
  }
  if (o.op->replacesX && writer.input == 0)
    place = v.place;
  else if (shares)
    place = graph.value(o.output).gradientPlace;
  else
    place = newPlace(graph, v, v.floats() / (v.maker < 0 ? 1 : graph.op(v.maker).dySteps));
  if (first) v.gradientPlace = place;
}

}  // namespace

void placeValues(Graph& graph, bool lossReadsLogits) { ValuePlaces(graph, lossReadsLogits).place(); }

void placeGradients(Graph& graph) {
  for (GraphOp& o : graph.ops) o.dxPlaces.assign(o.inputs.size(), -1);
  const auto place = [&](int id) {
    GraphValue& v = graph.value(id);
    if (v.lossWrites) v.gradientPlace = newPlace(graph, v, v.floats() / (v.maker < 0 ? 1 : graph.op(v.maker).dySteps));
    for (const Reader& writer : v.writers) placeWriter(graph, v, writer);
  };
  // From the end on: what an op makes has its gradient before what it reads.
  for (int i = graph.count() - 1; i >= 0; --i) place(graph.ops[asSize(i)].output);
  for (const int id : graph.sources) place(id);
}

}  // namespace gemmfit
