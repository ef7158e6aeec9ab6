#include "native/engine/feed.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "native/engine/error.h"
#include "native/engine/philox.h"
#include "native/engine/shape.h"
#include "native/kernels/finite.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

template <class F>
auto withType(ElementType type, const void* data, F&& f) {
  switch (type) {
    case ElementType::float64:
      return f(static_cast<const double*>(data));
    case ElementType::int8:
      return f(static_cast<const int8_t*>(data));
    case ElementType::uint8:
      return f(static_cast<const uint8_t*>(data));
    case ElementType::int16:
      return f(static_cast<const int16_t*>(data));
    case ElementType::uint16:
      return f(static_cast<const uint16_t*>(data));
    case ElementType::int32:
      return f(static_cast<const int32_t*>(data));
    case ElementType::uint32:
      return f(static_cast<const uint32_t*>(data));
    case ElementType::int64:
      return f(static_cast<const int64_t*>(data));
    default:
      return f(static_cast<const float*>(data));
  }
}

// Fisher-Yates over Philox words: four numbers a call, bounded by multiplication.
template <class T>
void permute(T* items, int64_t n, uint64_t key) {
  for (int64_t i = n - 1; i > 0;) {
    const Philox random(key, 0, static_cast<uint64_t>(i));
    for (int k = 0; k < 4 && i > 0; ++k, --i) {
      const uint64_t j = (uint64_t{random.v[k]} * static_cast<uint64_t>(i + 1)) >> 32;
      std::swap(items[i], items[j]);
    }
  }
}

}  // namespace

ElementType elementType(const std::string& name) {
  static const std::pair<const char*, ElementType> names[] = {
      {"float32", ElementType::float32}, {"float64", ElementType::float64}, {"int8", ElementType::int8},
      {"uint8", ElementType::uint8},     {"int16", ElementType::int16},     {"uint16", ElementType::uint16},
      {"int32", ElementType::int32},     {"uint32", ElementType::uint32},   {"int64", ElementType::int64}};
  for (const auto& [n, t] : names)
    if (name == n) return t;
  throw Error("ERR_SPEC", "arrays of '" + name + "' cannot be read");
}

int64_t elementBytes(ElementType type) {
  return withType(type, nullptr, [](const auto* p) { return static_cast<int64_t>(sizeof(*p)); });
}

void ArrayView::copy(int64_t row, int64_t from, int64_t n, float* out) const {
  if (type == ElementType::float32) {
    std::memcpy(out, static_cast<const float*>(data) + row * rowSize + from, asSize(n) * sizeof(float));
    return;
  }
  withType(type, data, [&](const auto* p) {
    const auto* first = p + row * rowSize + from;
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(first[i]);
  });
}

double ArrayView::value(int64_t index) const {
  return withType(type, data, [&](const auto* p) { return static_cast<double>(p[index]); });
}

int64_t firstOutside(const ArrayView& array, double low, double high, bool wholeNumbers, double except) {
  return withType(array.type, array.data, [&](const auto* p) -> int64_t {
    const int64_t n = array.rows * array.rowSize;
    for (int64_t i = 0; i < n; ++i) {
      const double v = static_cast<double>(p[i]);
      if (v >= low && v <= high && (!wholeNumbers || v == std::floor(v))) continue;
      if (v == except) continue;
      return i;
    }
    return -1;
  });
}

int64_t firstNotFinite(const ArrayView& array) {
  constexpr int64_t kBlock = 4096;
  // What rounds to the largest float32 is below this; what does not becomes infinite.
  constexpr double kBeyond = 3.4028235677973366e38;
  const int64_t n = array.rows * array.rowSize;
  if (array.type != ElementType::float32 && array.type != ElementType::float64) return -1;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t end = std::min(n, begin + kBlock);
    if (array.type == ElementType::float32) {
      if (allFinite(static_cast<const float*>(array.data) + begin, end - begin)) continue;
    } else {
      bool all = true;
      const auto* p = static_cast<const double*>(array.data);
      for (int64_t i = begin; i < end; ++i) all &= std::fabs(p[i]) < kBeyond;
      if (all) continue;
    }
    for (int64_t i = begin; i < end; ++i)
      if (!(std::fabs(array.value(i)) < kBeyond)) return i;
  }
  return -1;
}

float ClassWeights::of(const float* label) const {
  int64_t c = 0;
  if (argmax) {
    for (int64_t k = 1; k < labelWidth; ++k)
      if (label[k] > label[c]) c = k;
  } else {
    if (!(std::fabs(label[0]) < 1e15f)) return 1;
    c = std::llrint(label[0]);  // halves to even
  }
  for (size_t i = 0; i < classes.size(); ++i)
    if (classes[i] == c) return weights[i];
  return 1;
}

ClassWeights readClassWeights(const Value& given) {
  ClassWeights out;
  if (given.isNull()) return out;
  out.classes = given.integers("classes");
  for (const double w : given.numbers("weights")) out.weights.push_back(static_cast<float>(w));
  out.argmax = given.flag("argmax", false);
  out.labelWidth = given.integer("labelWidth", 1);
  return out;
}

FeedSpec readFeedSpec(FeedSpec s, const Value& options) {
  s.first = options.integer("first", 0);
  s.count = options.integer("count", s.x.rows);
  s.batch = options.integer("batch", 32);
  s.seed = static_cast<uint64_t>(options.integer("seed", 0));
  s.pass = options.integer("pass", 0);
  s.passes = options.integer("passes", 1);
  s.skip = options.integer("skip", 0);
  const std::string shuffle = options.text("shuffle", "none");
  if (shuffle != "none" && shuffle != "rows" && shuffle != "batches") throw Error("ERR_SPEC", "a feed cannot shuffle '" + shuffle + "'");
  // An order that is given goes before.
  if (s.shuffle != Shuffle::given) s.shuffle = shuffle == "rows" ? Shuffle::rows : shuffle == "batches" ? Shuffle::batches : Shuffle::none;
  if (options.has("classWeights")) s.classWeights = readClassWeights(options.at("classWeights"));
  return s;
}

Feed::Feed(FeedSpec s) : spec(std::move(s)) {
  const bool given = spec.shuffle == Shuffle::given;
  const int64_t most = given && !spec.order.empty() ? int64_t{*std::max_element(spec.order.begin(), spec.order.end())} + 1 : spec.count;
  const auto fits = [&](const ArrayView& a) {
    return !a || (spec.first >= 0 && spec.count >= 0 && spec.first <= a.rows && most <= a.rows - spec.first);
  };
  if (!spec.x || spec.x.rowSize < 1) throw Error("ERR_SPEC", "a feed needs an array of inputs");
  if (!fits(spec.x) || !fits(spec.y) || !fits(spec.weights)) throw Error("ERR_SPEC", "a feed's rows reach beyond its arrays");
  if (given && spec.count != static_cast<int64_t>(spec.order.size())) throw Error("ERR_SPEC", "a feed has as many rows as its order names");
  if (spec.count > int64_t{UINT32_MAX}) throw Error("ERR_SPEC", "a feed of more than 4294967295 rows cannot be shuffled");
  if (spec.batch < 1) throw Error("ERR_SPEC", "a feed's batch must be at least 1");
  if (spec.skip < 0 || spec.skip > ceilDiv(spec.count, spec.batch)) throw Error("ERR_SPEC", "a feed cannot skip more batches than it has");
  position_ = std::min(spec.count, spec.skip * spec.batch);
  if (spec.classWeights.classes.size() != spec.classWeights.weights.size() || spec.classWeights.labelWidth < 1)
    throw Error("ERR_SPEC", "class weights do not fit together");
}

void Feed::shuffle() {
  order_.resize(asSize(spec.count));
  const uint64_t key = mixKey(spec.seed, static_cast<uint64_t>(spec.pass + passesDone_));
  if (spec.shuffle == Shuffle::rows) {
    std::iota(order_.begin(), order_.end(), 0u);
    permute(order_.data(), spec.count, key);
    return;
  }
  // Whole chunks change places (the incomplete one stays last, so that each is one contiguous read), then the rows within each.
  const int64_t whole = spec.count / spec.batch;
  std::vector<uint32_t> chunks(asSize(whole));
  std::iota(chunks.begin(), chunks.end(), 0u);
  permute(chunks.data(), whole, key);
  for (int64_t c = 0; c * spec.batch < spec.count; ++c) {
    uint32_t* rows = order_.data() + c * spec.batch;
    const int64_t from = (c < whole ? int64_t{chunks[asSize(c)]} : c) * spec.batch;
    const int64_t n = std::min(spec.batch, spec.count - c * spec.batch);
    std::iota(rows, rows + n, static_cast<uint32_t>(from));
    permute(rows, n, mixKey(key, static_cast<uint64_t>(c) + 1));
  }
}

bool Feed::next() {
  if (position_ >= spec.count) {
    position_ = 0;
    ordered_ = false;
    ++passesDone_;
  }
  if (spec.count == 0 || (spec.passes >= 0 && passesDone_ >= spec.passes)) return false;
  if ((spec.shuffle == Shuffle::rows || spec.shuffle == Shuffle::batches) && !ordered_) {
    shuffle();
    ordered_ = true;
  }
  begin_ = position_;
  rows_ = std::min(spec.batch, spec.count - position_);
  position_ += rows_;
  return true;
}

int64_t Feed::row(int64_t i) const {
  if (spec.shuffle == Shuffle::none) return spec.first + begin_ + i;
  const std::vector<uint32_t>& order = spec.shuffle == Shuffle::given ? spec.order : order_;
  return spec.first + int64_t{order[asSize(begin_ + i)]};
}

const float* Feed::direct() const {
  if (spec.shuffle != Shuffle::none || spec.x.type != ElementType::float32) return nullptr;
  return static_cast<const float*>(spec.x.data) + (spec.first + begin_) * spec.x.rowSize;
}

}  // namespace gemmfit
