// Losses against tables that real Keras made: values, and the gradient of their mean.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "native/engine/loss.h"

namespace gemmfit {
namespace {

using Floats = std::vector<float>;

const char kDataFile[] = GEMMFIT_TEST_DATA "/losses.txt";

// 'delta=0.3 fromLogits=true'
Value parseSpec(const std::string& name, std::istringstream& line) {
  Value::Object spec{{"loss", Value(name)}};
  for (std::string pair; line >> pair;) {
    const size_t equals = pair.find('=');
    const std::string text = pair.substr(equals + 1);
    spec[pair.substr(0, equals)] = text == "true" ? Value(true) : Value(std::strtod(text.c_str(), nullptr));
  }
  return spec;
}

Floats readFloats(std::istringstream& line) {
  Floats out;
  for (std::string word; line >> word;) out.push_back(std::strtof(word.c_str(), nullptr));
  return out;
}

void expectClose(const Floats& got, const Floats& expected, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(expected[i]))
      EXPECT_TRUE(std::isnan(got[i])) << what << ' ' << i << ": " << got[i];
    else if (std::isinf(expected[i]))
      EXPECT_EQ(got[i], expected[i]) << what << ' ' << i;
    else
      EXPECT_NEAR(got[i], expected[i], 2e-6 * std::max(1.0f, std::abs(expected[i]))) << what << ' ' << i;
  }
}

TEST(LossesGolden, SameAsKeras) {
  std::ifstream file(kDataFile);
  ASSERT_TRUE(file) << kDataFile;
  std::string title;
  Value spec;
  int64_t items = 0, width = 0, labelWidth = 0;
  float scale = 0;
  Floats labels, predictions;
  std::unique_ptr<Loss> loss;
  int checked = 0;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string kind, name;
    line >> kind;
    if (kind == "loss") {
      title = text;
      line >> name;
      spec = parseSpec(name, line);
    } else if (kind == "items") {
      line >> items >> width >> labelWidth >> scale;
    } else if (kind == "labels") {
      labels = readFloats(line);
    } else if (kind == "predictions") {
      predictions = readFloats(line);
      ASSERT_EQ(static_cast<int64_t>(labels.size()), items * labelWidth) << title;
      ASSERT_EQ(static_cast<int64_t>(predictions.size()), items * width) << title;
      loss = makeLoss(spec, width);
      EXPECT_EQ(loss->labelWidth, labelWidth) << title;
      if (loss->preparesBatch()) loss->prepare(labels.data(), items);
    } else if (kind == "values") {
      Floats got(static_cast<size_t>(items), -7.0f);
      loss->values(labels.data(), predictions.data(), items, got.data());
      expectClose(got, readFloats(line), title + " values");
    } else if (kind == "gradient") {
      Floats scales(static_cast<size_t>(items), scale), kept(scales.size(), 1.0f), got(predictions.size(), -7.0f);
      if (loss->ignores()) loss->kept(labels.data(), items, kept.data());
      for (size_t i = 0; i < scales.size(); ++i) scales[i] *= kept[i];
      loss->gradient(labels.data(), predictions.data(), scales.data(), items, got.data());
      expectClose(got, readFloats(line), title + " gradient");
      ++checked;
    }
  }
  EXPECT_EQ(checked, 35);
}

}  // namespace
}  // namespace gemmfit
