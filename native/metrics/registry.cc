#include <map>
#include <string>

#include "native/engine/error.h"
#include "native/engine/metric.h"

namespace gemmfit {
namespace metrics {
#define GEMMFIT_METRIC(name) std::unique_ptr<Metric> name(const Value& spec, int64_t width, int64_t labelWidth);
#include "native/metrics/registry.def"
#undef GEMMFIT_METRIC
}  // namespace metrics

std::unique_ptr<Metric> makeMetric(const Value& spec, int64_t width, int64_t labelWidth) {
  using Factory = std::unique_ptr<Metric> (*)(const Value&, int64_t, int64_t);
  static const std::map<std::string, Factory> table = {
#define GEMMFIT_METRIC(name) {#name, metrics::name},
#include "native/metrics/registry.def"
#undef GEMMFIT_METRIC
  };
  const std::string name = spec.text("metric", "");
  const auto it = table.find(name);
  if (it == table.end()) throw Error("ERR_SPEC", "the engine has no metric '" + name + "'");
  if (width < 1 || labelWidth < 1) throw Error("ERR_SPEC", "metric '" + name + "' needs items of at least one element");
  std::unique_ptr<Metric> metric = it->second(spec, width, labelWidth);
  metric->width = width;
  metric->labelWidth = labelWidth;
  return metric;
}

}  // namespace gemmfit
