#include "native/engine/metric.h"
#include "native/engine/parts.h"

namespace gemmfit {
namespace metrics {
#define GEMMFIT_METRIC(name) std::unique_ptr<Metric> name(const Value& spec, int64_t width, int64_t labelWidth);
#include "native/metrics/registry.def"
#undef GEMMFIT_METRIC
}  // namespace metrics

std::unique_ptr<Metric> makeMetric(const Value& spec, int64_t width, int64_t labelWidth) {
  using Factory = std::unique_ptr<Metric> (*)(const Value&, int64_t, int64_t);
  static const Parts<Factory> parts = {
#define GEMMFIT_METRIC(name) {#name, metrics::name},
#include "native/metrics/registry.def"
#undef GEMMFIT_METRIC
  };
  const Factory make = partOf(parts, "metric", spec);
  if (width < 1 || labelWidth < 1) throw Error("ERR_SPEC", "a metric needs items of at least one element");
  std::unique_ptr<Metric> metric = make(spec, width, labelWidth);
  metric->width = width;
  metric->labelWidth = labelWidth;
  return metric;
}

}  // namespace gemmfit
