// Metrics on predictions that real Keras made, against the values real Keras gave for them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "native/test/metrics_harness.h"

namespace gemmfit {
namespace {

const char kDataFile[] = GEMMFIT_TEST_DATA "/metrics.txt";

// 'true', '0.5', '[0.1,0.2]' or a word.
Value parse(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (text.front() == '[') {
    Value::Array list;
    std::istringstream in(text.substr(1, text.size() - 2));
    for (std::string part; std::getline(in, part, ',');) list.push_back(parse(part));
    return list;
  }
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return *end == '\0' ? Value(number) : Value(text);
}

// 'metric=mean loss=huber delta=2'
Value parseSpec(std::istringstream& line) {
  Value::Object spec;
  for (std::string pair; line >> pair;) {
    const size_t equals = pair.find('=');
    spec[pair.substr(0, equals)] = parse(pair.substr(equals + 1));
  }
  return spec;
}

Floats readFloats(std::istringstream& line) {
  Floats out;
  for (std::string word; line >> word;) out.push_back(std::strtof(word.c_str(), nullptr));
  return out;
}

TEST(MetricsGolden, SameValuesAsKeras) {
  std::ifstream file(kDataFile);
  ASSERT_TRUE(file) << kDataFile;
  std::string name;
  int64_t items = 0, width = 0, labelWidth = 0;
  Floats labels, predictions;
  int checked = 0;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string kind;
    line >> kind;
    if (kind == "case") {
      line >> name >> items >> width >> labelWidth;
    } else if (kind == "labels") {
      labels = readFloats(line);
      ASSERT_EQ(static_cast<int64_t>(labels.size()), items * labelWidth) << name;
    } else if (kind == "predictions") {
      predictions = readFloats(line);
      ASSERT_EQ(static_cast<int64_t>(predictions.size()), items * width) << name;
    } else if (kind == "metric") {
      std::string key;
      double tolerance = 0, expected = 0;
      line >> key >> tolerance >> expected;
      const Value spec = parseSpec(line);
      for (const int64_t chunk : {items, int64_t{3}}) {
        const std::vector<double> got = measure(spec, width, labelWidth, labels, predictions, {}, chunk);
        ASSERT_EQ(got.size(), 1u);
        EXPECT_NEAR(got[0], expected, tolerance * std::max(1.0, std::abs(expected))) << name << ' ' << key;
      }
      ++checked;
    }
  }
  EXPECT_GE(checked, 40);
}

}  // namespace
}  // namespace gemmfit
