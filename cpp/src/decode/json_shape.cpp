#include <headrace/decode/json_shape.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace headrace::decode {
namespace {

using record::DType;
using record::Schema;

StepKind kind_of(DType type) noexcept {
  switch (type) {
    case DType::kBool:
      return StepKind::kBool;
    case DType::kInt64:
      return StepKind::kInt64;
    case DType::kFloat64:
      return StepKind::kFloat64;
    case DType::kString:
      return StepKind::kString;
    case DType::kTimestamp:
      break;
  }
  return StepKind::kTimestamp;
}

// Whether the text is an object of scalars: the object, key, scalar, key, scalar ..., its end. Keys
// with escapes are left out: another spelling of the same key would not be known as its twin.
bool is_flat(std::span<const JsonEvent> events, std::size_t scalars) noexcept {
  if (events.size() != 2 * scalars + 2) return false;
  for (std::size_t i = 1; i + 1 < events.size(); i += 2) {
    if (events[i].kind != JsonKind::kKey || events[i].escaped) return false;
  }
  return true;
}

}  // namespace

std::optional<JsonShape> JsonShape::learn(const JsonRowReader& reader, const Schema& schema) {
  const std::string_view text = reader.document().raw_text();
  const std::span<const JsonSlot> slots = reader.slots();
  const std::span<const JsonEvent> events = reader.document().events();
  if (slots.empty() || slots.size() > kMaxKeys || reader.met_list()) return std::nullopt;
  JsonShape shape;
  std::size_t behind = 0;
  std::size_t total = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Key key{.text = std::string(text.substr(behind, slots[i].begin - behind)),
            .column = slots[i].column};
    total += key.text.size();
    behind = slots[i].end;
    shape.keys_.push_back(std::move(key));
  }
  shape.tail_ = text.substr(behind);
  if (total + shape.tail_.size() > kMaxBytes) return std::nullopt;
  shape.flat_ = is_flat(events, slots.size()) && shape.learn_blanks(text, events, slots);
  for (std::size_t i = 0; shape.flat_ && i < slots.size(); ++i) {
    shape.keys_[i].text = reader.document().raw(events[1 + 2 * i]);
  }
  shape.build(schema);
  return shape;
}

// Cuts a flat text further; false where its blanks are not the same everywhere, or where there is
// but one key and so no separator to know.
bool JsonShape::learn_blanks(std::string_view text, std::span<const JsonEvent> events,
                             std::span<const JsonSlot> slots) {
  const auto between = [&](std::size_t begin, std::size_t end) {
    return text.substr(begin, end - begin);
  };
  if (slots.size() < 2) return false;
  opening_ = between(0, events[1].begin);
  colon_ = between(events[1].end, slots[0].begin);
  separator_ = between(slots[0].end, events[3].begin);
  if (std::max(opening_.size(), separator_.size()) > kMaxBlanks) return false;
  for (std::size_t i = 1; i < slots.size(); ++i) {
    const JsonEvent& key = events[1 + 2 * i];
    if (between(slots[i - 1].end, key.begin) != separator_) return false;
    if (between(key.end, slots[i].begin) != colon_) return false;
  }
  return true;
}

void JsonShape::build(const Schema& schema) {
  std::vector<bool> fed(schema.size());
  for (Key& key : keys_) {
    if (key.column == JsonSlot::kOnlyNull) key.kind = StepKind::kNull;
    if (key.column < 0) continue;
    const auto column = static_cast<std::size_t>(key.column);
    key.kind = kind_of(schema.fields()[column].type);
    key.required = !schema.fields()[column].nullable;
    fed[column] = true;
  }
  for (std::size_t i = 0; i < fed.size(); ++i) {
    if (!fed[i]) unfed_.push_back(i);
  }
  build_steps();
}

JsonStep JsonShape::make_step(std::string_view literal, std::size_t key) {
  JsonStep step;
  step.size = static_cast<std::uint32_t>(literal.size());
  step.begin = static_cast<std::uint32_t>(bytes_.size());
  bytes_.append(literal);
  const std::size_t head = std::min(literal.size(), step.head.size());
  std::memcpy(step.head.data(), literal.data(), head);
  step.beyond = 0xFFFFU & (0xFFFFU << head);
  if (literal.size() > step.head.size()) step.beyond = JsonStep::kLong;
  if (key == keys_.size()) return step;
  step.bit = std::uint64_t{1} << key;
  step.key = static_cast<std::uint8_t>(key);
  step.kind = keys_[key].kind;
  step.column = static_cast<std::uint16_t>(std::max(keys_[key].column, 0));
  return step;
}

void JsonShape::build_steps() {
  bytes_.clear();
  steps_.clear();
  slots_.fill(kEmpty);
  all_ = 0;
  required_ = 0;
  const std::size_t count = keys_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& text = keys_[i].text;
    steps_.push_back(make_step(flat_ ? separator_ + text + colon_ : text, i));
    all_ |= steps_.back().bit;
    if (keys_[i].required) required_ |= steps_.back().bit;
  }
  for (std::size_t i = 0; flat_ && i < count; ++i) {
    steps_.push_back(make_step(opening_ + keys_[i].text + colon_, i));
  }
  const std::size_t tail = steps_.size();
  steps_.push_back(make_step(tail_, count));
  for (std::size_t i = 0; i < tail; ++i) {
    const std::size_t next = i % count + 1;
    steps_[i].next = &steps_[next == count ? tail : next];
  }
  first_ = flat_ ? count : 0;
  for (std::size_t i = 0; flat_ && i < count; ++i) {
    char padded[16] = {};
    std::memcpy(padded, keys_[i].text.data(), std::min<std::size_t>(keys_[i].text.size(), 16));
    std::size_t slot = slot_of(padded);
    while (slots_[slot] != kEmpty) slot = (slot + 1) % kSlots;
    slots_[slot] = static_cast<std::uint8_t>(i);
  }
}

bool JsonShape::absorb(const JsonShape& other) {
  if (flat_ != other.flat_ || opening_ != other.opening_ || separator_ != other.separator_ ||
      colon_ != other.colon_ || tail_ != other.tail_) {
    return false;
  }
  const auto same = [](const Key& a, const Key& b) { return a.text == b.text; };
  if (!flat_) {
    return std::equal(keys_.begin(), keys_.end(), other.keys_.begin(), other.keys_.end(), same);
  }
  std::vector<Key> merged = other.keys_;
  for (const Key& key : keys_) {
    const auto twin = std::find_if(merged.begin(), merged.end(),
                                   [&](const Key& known) { return same(known, key); });
    if (twin == merged.end()) merged.push_back(key);
  }
  if (merged.size() > kMaxKeys) return false;
  keys_ = std::move(merged);
  std::erase_if(unfed_, [&](std::size_t column) {
    return std::any_of(keys_.begin(), keys_.end(),
                       [&](const Key& key) { return key.column == static_cast<int>(column); });
  });
  build_steps();
  // The order is the newcomer's: behind its last key comes the end.
  const std::size_t last = other.keys_.size() - 1;
  steps_[last].next = &steps_.back();
  steps_[last + keys_.size()].next = &steps_.back();
  return true;
}

bool JsonShape::is_at(const JsonStep& step, const char* at, const char* last) const noexcept {
  if ((step.beyond & JsonStep::kLong) == 0) return step.matches(at);
  return last - at >= static_cast<std::ptrdiff_t>(step.size) &&
         std::memcmp(at, bytes_.data() + step.begin, step.size) == 0;
}

// Of the first eight bytes behind the quote, as far as the key reaches.
std::size_t JsonShape::slot_of(const char* quote) noexcept {
  std::uint64_t word = load8(quote + 1);
  const int size = first_byte(bytes_equal(word, '"'));
  if (size < 8) word &= (std::uint64_t{1} << (8 * size)) - 1;
  return static_cast<std::size_t>((word * 0x9E3779B97F4A7C15ULL) >> 57U);
}

const JsonStep* JsonShape::find_key(const char* quote, const char* at, const char* last,
                                    bool entry) const noexcept {
  const std::size_t shift = entry ? keys_.size() : 0;
  for (std::size_t slot = slot_of(quote); slots_[slot] != kEmpty; slot = (slot + 1) % kSlots) {
    const JsonStep& step = steps_[slots_[slot] + shift];
    if (is_at(step, at, last)) return &step;
  }
  return nullptr;
}

const JsonStep* JsonShape::find_other(const char* at, const char* last, bool entry) const {
  const JsonStep& tail = steps_.back();
  const std::ptrdiff_t left = last - at;
  if (!entry && left == static_cast<std::ptrdiff_t>(tail.size)) {
    return is_at(tail, at, last) ? &tail : nullptr;
  }
  return find_key(at + (entry ? opening_.size() : separator_.size()), at, last, entry);
}

const JsonStep* JsonShape::find(const char* at, const char* last, const JsonStep& expected,
                                const JsonStep* previous) {
  if (is_at(expected, at, last)) return &expected;
  if (!flat_) return nullptr;
  const JsonStep* found = find_other(at, last, previous == nullptr);
  if (found == nullptr) return nullptr;
  if (previous == nullptr) {
    first_ = static_cast<std::size_t>(found - steps_.data());
  } else {
    steps_[previous->key].next = found;
    steps_[previous->key + keys_.size()].next = found;
  }
  return found;
}

void JsonShape::absent_columns(std::uint64_t seen, std::vector<std::size_t>& columns) const {
  columns = unfed_;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if ((seen >> i & 1U) == 0 && keys_[i].column >= 0) {
      columns.push_back(static_cast<std::size_t>(keys_[i].column));
    }
  }
}

}  // namespace headrace::decode
