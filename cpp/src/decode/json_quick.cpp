#include <headrace/decode/json_quick.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <headrace/decode/json_text.hpp>
#include <headrace/decode/timestamp.hpp>

namespace headrace::decode {
namespace {

// As many readable bytes as the literal has.
bool is_literal(const char* at, std::string_view literal) noexcept {
  return std::memcmp(at, literal.data(), literal.size()) == 0;
}

}  // namespace

bool QuickReader::read(std::string_view text, BatchBuilder& builder) {
  if (shapes_.empty()) return false;
  constexpr auto kTail = static_cast<std::size_t>(kReach);
  const bool in_tail = text.size() < kTail;
  if (in_tail) {
    tail_.fill(0);
    if (!text.empty()) std::memcpy(tail_.data(), text.data(), text.size());
  } else {
    std::memcpy(tail_.data(), text.data() + text.size() - kTail, kTail);
  }
  const char* at = in_tail ? tail_.data() : text.data();
  for (auto shape = shapes_.begin(); shape != shapes_.end(); ++shape) {
    if (run(*shape, at, at + text.size(), builder)) {
      if (shape != shapes_.begin()) std::rotate(shapes_.begin(), shape, shape + 1);
      idle_lessons_ = 0;
      return true;
    }
    builder.abandon();
  }
  return false;
}

void QuickReader::learn(const JsonRowReader& reader) {
  // Texts that never look alike (arrays of changing length) are not worth learning one by one.
  constexpr std::uint32_t kPatience = 64;
  constexpr std::uint32_t kOneOf = 256;
  if (++idle_lessons_ > kPatience && idle_lessons_ % kOneOf != 0) return;
  std::optional<JsonShape> shape = JsonShape::learn(reader, *schema_);
  if (!shape) return;
  for (JsonShape& known : shapes_) {
    if (known.absorb(*shape)) return;
  }
  if (shapes_.size() == kMaxShapes) shapes_.pop_back();
  shapes_.insert(shapes_.begin(), std::move(*shape));
}

[[gnu::always_inline]] inline const char* QuickReader::usual_string(const JsonStep& step,
                                                                    const char* at) {
  const int size = std::countr_zero(lane::string_specials(at + 1) | 0x10000U);
  if (size > 8 || at[1 + size] != '"') return nullptr;
  // Cuts off what is behind the text, in two steps: a shift by 64 is none.
  const std::uint64_t word = load8(at + 1) & ~(~std::uint64_t{0} << 4 * size << 4 * size);
  Text& text = texts_[text_count_++];
  text.word = word;
  text.size = static_cast<std::uint32_t>(size);
  text.column = step.column;
  text.home = Home::kWord;
  return at + size + 2;
}

[[gnu::always_inline]] inline const char* QuickReader::usual_value(const JsonStep& step,
                                                                   const char* at, std::size_t row,
                                                                   BatchBuilder& builder) {
  switch (step.kind) {
    case StepKind::kFloat64:
      return quick_float64(at, builder.values<double>(step.column)[row]);
    case StepKind::kInt64:
      return quick_int64(at, builder.values<std::int64_t>(step.column)[row]);
    case StepKind::kString:
      return *at == '"' ? usual_string(step, at) : nullptr;
    case StepKind::kTimestamp: {
      constexpr int kSize = MinuteCache::kSize;
      if (*at != '"' || at[1 + kSize] != '"') return nullptr;
      return minute_.find(at + 1, builder.values<std::int64_t>(step.column)[row]) ? at + kSize + 2
                                                                                  : nullptr;
    }
    case StepKind::kSkip: {
      std::int64_t unused = 0;
      return quick_int64(at, unused);
    }
    default:
      return nullptr;
  }
}

bool QuickReader::run(JsonShape& shape, const char* at, const char* last, BatchBuilder& builder) {
  const JsonStep* previous = nullptr;
  const JsonStep* step = shape.first();
  const std::size_t row = builder.row();
  std::uint64_t seen = 0;
  text_count_ = 0;
  scratch_.clear();
  const char* const tail_end = last - at < kReach ? last : tail_.data() + kReach;
  // The last byte with kReach readable ones from there; in the tail, zeros follow.
  const char* safe = last == tail_end ? last : last - kReach;
  const auto reach = [&] {
    if (at <= safe) return;
    at = tail_end - (last - at);
    safe = last = tail_end;
  };
  for (;;) {
    reach();
    if (step->matches(at)) {
      at += step->size;
    } else {
      step = shape.find(at, last, *step, previous);
      if (step == nullptr) return false;
      at += step->size;
      reach();
    }
    if ((seen & step->bit) != 0) return false;
    seen |= step->bit;
    if (step->kind == StepKind::kTail) return at == last && complete(shape, seen, builder);
    const char* behind = usual_value(*step, at, row, builder);
    if (behind == nullptr) {
      behind = unusual_value(*step, at, last, builder);
      if (behind == nullptr) return false;
    }
    at = behind;
    previous = step;
    step = step->next;
  }
}

const char* QuickReader::unusual_value(const JsonStep& step, const char* at, const char* last,
                                       BatchBuilder& builder) {
  if (step.kind == StepKind::kNull) return is_literal(at, "null") ? at + 4 : nullptr;
  switch (*at) {
    case '"':
      return unusual_string(step, at, last, builder);
    case 't':
    case 'f':
    case 'n':
      return literal(step, at, builder);
    default:
      return number(step, at, last, builder);
  }
}

// true, false, null; at least kQuickReach readable bytes.
const char* QuickReader::literal(const JsonStep& step, const char* at, BatchBuilder& builder) {
  const bool yes = is_literal(at, "true");
  const bool no = is_literal(at, "false");
  if (!yes && !no && !is_literal(at, "null")) return nullptr;
  const char* behind = at + (no ? 5 : 4);
  if (step.kind == StepKind::kSkip) return behind;
  const record::Field& field = schema_->fields()[step.column];
  const Refusal refusal = yes || no ? write_bool(field, step.column, yes, builder)
                                    : write_null(field, step.column, builder);
  return refusal ? nullptr : behind;
}

const char* QuickReader::number(const JsonStep& step, const char* at, const char* last,
                                BatchBuilder& builder) {
  const char* behind = number_end(at, last);
  if (behind == nullptr || step.kind == StepKind::kSkip) return behind;
  const std::string_view token(at, static_cast<std::size_t>(behind - at));
  const record::Field& field = schema_->fields()[step.column];
  return write_number(field, step.column, token, builder) ? nullptr : behind;
}

const char* QuickReader::unusual_string(const JsonStep& step, const char* at, const char* last,
                                        BatchBuilder& builder) {
  const StringScan scan = scan_string(at + 1, last);
  if (scan.close == nullptr) return nullptr;
  const std::string_view raw(at + 1, static_cast<std::size_t>(scan.close - at - 1));
  if (!scan.ascii && !valid_utf8(raw)) return nullptr;
  bool good = false;
  if (step.kind == StepKind::kTimestamp) {
    good = !scan.escaped && put_timestamp(step, raw, builder);
  } else if (step.kind == StepKind::kString || step.kind == StepKind::kSkip) {
    good = add_string(step, raw, scan.escaped);
  }
  return good ? scan.close + 1 : nullptr;
}

bool QuickReader::add_string(const JsonStep& step, std::string_view raw, bool escaped) {
  const std::size_t begin = scratch_.size();
  if (escaped && unescape(raw, scratch_) != EscapeError::kNone) return false;
  if (step.kind == StepKind::kSkip) return true;
  Text& text = texts_[text_count_++];
  text.column = step.column;
  text.home = escaped ? Home::kScratch : Home::kText;
  text.text = raw.data();
  text.word = begin;
  text.size = static_cast<std::uint32_t>(escaped ? scratch_.size() - begin : raw.size());
  return true;
}

bool QuickReader::put_timestamp(const JsonStep& step, std::string_view text,
                                BatchBuilder& builder) {
  std::int64_t& ns = builder.values<std::int64_t>(step.column)[builder.row()];
  if (parse_iso8601(text, ns) != TimeError::kNone) return false;
  if (text.size() == MinuteCache::kSize) minute_.learn(text.data(), ns);
  return true;
}

bool QuickReader::complete(const JsonShape& shape, std::uint64_t seen, BatchBuilder& builder) {
  if (seen != shape.all() || !shape.feeds_all()) {
    if ((shape.required() & ~seen) != 0) return false;
    shape.absent_columns(seen, absent_);
    for (const std::size_t column : absent_) builder.put_null(column);
  }
  for (std::size_t i = 0; i < text_count_; ++i) {
    const Text& text = texts_[i];
    std::int32_t& code = builder.values<std::int32_t>(text.column)[builder.row()];
    if (text.home == Home::kWord) {
      code = builder.intern_word(text.column, text.word, text.size);
    } else {
      const char* first = text.home == Home::kText ? text.text : scratch_.data() + text.word;
      code = builder.intern(text.column, {first, text.size});
    }
  }
  return true;
}

}  // namespace headrace::decode
