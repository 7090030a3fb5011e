#include <headrace/decode/json_document.hpp>

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

#include <simdjson.h>

#include <headrace/decode/json_text.hpp>
#include <headrace/decode/number.hpp>

namespace headrace::decode {
namespace {

namespace ondemand = simdjson::ondemand;
using record::RejectReason;

constexpr std::string_view kBlanks = " \t\n\r";  // JSON's own, not the C library's

std::string_view without_trailing_blanks(std::string_view token) noexcept {
  return token.substr(0, token.find_last_not_of(kBlanks) + 1);
}

std::string_view words_of(simdjson::error_code code) noexcept {
  switch (code) {
    case simdjson::EMPTY:
      return "no value";
    case simdjson::UNCLOSED_STRING:
      return "a string has no end";
    case simdjson::UNESCAPED_CHARS:
      return "a control character in a string";
    default:
      return "misplaced or missing brackets, braces, commas or colons";
  }
}

JsonKind literal_kind(std::string_view token) noexcept {
  if (token == "true") return JsonKind::kTrue;
  if (token == "false") return JsonKind::kFalse;
  if (token == "null") return JsonKind::kNull;
  if (token == "NaN" || token == "Infinity" || token == "-Infinity") return JsonKind::kNonFinite;
  const char* last = token.data() + token.size();
  if (number_end(token.data(), last) == last) return JsonKind::kNumber;
  return JsonKind::kEnd;  // none of them
}

bool has_twice(std::vector<std::string_view>& keys, std::size_t first, std::string_view* which) {
  constexpr std::size_t kFew = 24;  // pairwise is quicker up to here; beyond it, n log n
  const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(first);
  if (keys.size() - first > kFew) {
    std::sort(begin, keys.end());
    const auto twin = std::adjacent_find(begin, keys.end());
    if (twin == keys.end()) return false;
    *which = *twin;
    return true;
  }
  for (auto a = begin; a != keys.end(); ++a) {
    if (std::find(begin, a, *a) == a) continue;
    *which = *a;
    return true;
  }
  return false;
}

}  // namespace

std::size_t size_of_value(std::span<const JsonEvent> events) noexcept {
  int depth = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const JsonKind kind = events[i].kind;
    if (kind == JsonKind::kObject || kind == JsonKind::kArray) ++depth;
    if (kind == JsonKind::kEnd) --depth;
    if (depth == 0) return i + 1;
  }
  return events.size();
}

struct JsonDocument::Impl {
  ondemand::parser parser;
  std::vector<char> padded;  // simdjson reads up to SIMDJSON_PADDING bytes behind the text
  std::string_view text;
  std::vector<JsonEvent> events;
  std::vector<std::string_view> keys;  // of the open objects, outermost first
  std::deque<std::string> unescaped;   // stable homes of escaped keys
  std::string scratch;
  std::optional<DecodeFailure> fault;
  std::optional<DecodeFailure> duplicate;
  std::ptrdiff_t non_finite = -1;
  int depth = 0;

  bool fail(RejectReason reason, std::string detail) {
    if (!fault) fault = DecodeFailure{.reason = reason, .field = {}, .detail = std::move(detail)};
    return false;
  }
  bool malformed(std::string_view what) {
    const std::uint32_t behind = events.empty() ? 0 : events.back().end;
    return fail(RejectReason::kInvalidJson,
                "invalid JSON after byte " + std::to_string(behind) + ": " + std::string(what));
  }
  void add(JsonKind kind, const char* begin, const char* end, bool escaped = false) {
    events.push_back({.kind = kind,
                      .escaped = escaped,
                      .begin = static_cast<std::uint32_t>(begin - text.data()),
                      .end = static_cast<std::uint32_t>(end - text.data())});
  }

  bool enter(JsonKind kind, const char* at);
  void leave();
  bool unescaped_text(std::string_view raw, std::string& out);
  bool string(JsonKind kind, const char* quote, const char** end);
  bool scalar(std::string_view token);
  bool value(ondemand::value item);
  bool array(ondemand::array items, const char* at);
  bool object(ondemand::object fields, const char* at);
  bool field(ondemand::field item);
  bool root();
  void load(std::string_view source);
  bool utf8();
};

bool JsonDocument::Impl::enter(JsonKind kind, const char* at) {
  if (depth == kMaxJsonDepth) {
    return fail(RejectReason::kDepth, "nested deeper than " + std::to_string(kMaxJsonDepth) +
                                          " levels at byte " + std::to_string(at - text.data()));
  }
  ++depth;
  add(kind, at, at + 1);
  return true;
}

// simdjson does not tell where the bracket was: the event stands behind the last token before it.
void JsonDocument::Impl::leave() {
  const char* behind = text.data() + events.back().end;
  add(JsonKind::kEnd, behind, behind);
  --depth;
}

bool JsonDocument::Impl::unescaped_text(std::string_view raw, std::string& out) {
  switch (unescape(raw, out)) {
    case EscapeError::kNone:
      return true;
    case EscapeError::kLoneSurrogate:
      return fail(RejectReason::kUtf8, "a lone surrogate in the string after byte " +
                                           std::to_string(raw.data() - text.data()) +
                                           " has no UTF-8 form");
    case EscapeError::kSyntax:
      break;
  }
  return malformed("unknown escape in a string");
}

// A key or string; `end` is behind its closing quote.
bool JsonDocument::Impl::string(JsonKind kind, const char* quote, const char** end) {
  const StringScan scan = scan_string(quote + 1, text.data() + text.size());
  if (scan.close == nullptr) return malformed("a string has no end");
  *end = scan.close + 1;
  add(kind, quote, *end, scan.escaped);
  if (!scan.escaped) return true;
  scratch.clear();
  return unescaped_text({quote + 1, static_cast<std::size_t>(scan.close - quote - 1)}, scratch);
}

bool JsonDocument::Impl::scalar(std::string_view token) {
  token = without_trailing_blanks(token);
  const char* last = token.data() + token.size();
  if (!token.empty() && token.front() == '"') {
    const char* end = nullptr;
    if (!string(JsonKind::kString, token.data(), &end)) return false;
    return end == last || malformed("something behind a string");
  }
  const JsonKind kind = literal_kind(token);
  if (kind == JsonKind::kEnd) {
    const bool mark = token.starts_with("\xEF\xBB\xBF");
    return malformed(mark ? "a byte order mark" : "expected a value, got " + excerpt(token));
  }
  if (kind == JsonKind::kNonFinite && non_finite < 0) {
    non_finite = static_cast<std::ptrdiff_t>(events.size());
  }
  add(kind, token.data(), last);
  return true;
}

bool JsonDocument::Impl::value(ondemand::value item) {
  const std::string_view token = item.raw_json_token();
  if (token.starts_with('{')) {
    ondemand::object fields;
    const auto error = item.get_object().get(fields);
    return error == simdjson::SUCCESS ? object(fields, token.data()) : malformed(words_of(error));
  }
  if (token.starts_with('[')) {
    ondemand::array items;
    const auto error = item.get_array().get(items);
    return error == simdjson::SUCCESS ? array(items, token.data()) : malformed(words_of(error));
  }
  // A string is taken explicitly: where one is passed over, simdjson 3.0.1 takes a colon behind it
  // for that of a key. Other scalars are one token each, whatever follows.
  if (token.starts_with('"') && item.get_raw_json_string().error() != simdjson::SUCCESS) {
    return malformed("a string has no end");
  }
  return scalar(token);
}

bool JsonDocument::Impl::array(ondemand::array items, const char* at) {
  if (!enter(JsonKind::kArray, at)) return false;
  for (auto next : items) {
    ondemand::value item;
    if (const auto error = std::move(next).get(item)) return malformed(words_of(error));
    if (!value(item)) return false;
  }
  leave();
  return true;
}

bool JsonDocument::Impl::field(ondemand::field item) {
  const char* quote = item.key().raw() - 1;
  const char* end = nullptr;
  if (!string(JsonKind::kKey, quote, &end)) return false;
  if (events.back().escaped) {
    unescaped.push_back(scratch);
    keys.emplace_back(unescaped.back());
  } else {
    keys.emplace_back(quote + 1, static_cast<std::size_t>(end - quote - 2));
  }
  return value(item.value());
}

bool JsonDocument::Impl::object(ondemand::object fields, const char* at) {
  if (!enter(JsonKind::kObject, at)) return false;
  const std::size_t first = keys.size();
  for (auto next : fields) {
    ondemand::field item;
    if (const auto error = std::move(next).get(item)) return malformed(words_of(error));
    if (!field(item)) return false;
  }
  std::string_view twin;
  if (!duplicate && has_twice(keys, first, &twin)) {
    duplicate = DecodeFailure{.reason = RejectReason::kDuplicateKey,
                              .field = std::string(twin),
                              .detail = "key \"" + excerpt(twin) + "\" appears twice"};
  }
  keys.resize(first);
  leave();
  return true;
}

bool JsonDocument::Impl::root() {
  const std::size_t start = text.find_first_not_of(kBlanks);
  if (start == std::string_view::npos) return malformed(words_of(simdjson::EMPTY));
  const char* at = text.data() + start;
  ondemand::document document;
  auto error = parser.iterate(text.data(), text.size(), padded.size()).get(document);
  if (error != simdjson::SUCCESS) return malformed(words_of(error));
  if (*at == '{') {
    ondemand::object fields;
    error = document.get_object().get(fields);
    if (error != simdjson::SUCCESS) return malformed(words_of(error));
    if (!object(fields, at)) return false;
  } else if (*at == '[') {
    ondemand::array items;
    error = document.get_array().get(items);
    if (error != simdjson::SUCCESS) return malformed(words_of(error));
    if (!array(items, at)) return false;
  } else {
    return scalar(text.substr(start));
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end || malformed("something behind the value");
}

void JsonDocument::Impl::load(std::string_view source) {
  const std::size_t wanted = source.size() + simdjson::SIMDJSON_PADDING;
  if (padded.size() < wanted) padded.resize(std::max(wanted, 2 * padded.size()));
  std::memcpy(padded.data(), source.data(), source.size());
  std::memset(padded.data() + source.size(), 0, simdjson::SIMDJSON_PADDING);
  text = {padded.data(), source.size()};
  events.clear();
  keys.clear();
  unescaped.clear();
  fault.reset();
  duplicate.reset();
  non_finite = -1;
  depth = 0;
}

JsonDocument::JsonDocument() : impl_(std::make_unique<Impl>()) {}
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

std::optional<DecodeFailure> JsonDocument::read(std::string_view text) {
  Impl& self = *impl_;
  if (text.empty()) return DecodeFailure{RejectReason::kEmpty, {}, "the value has no bytes"};
  if (text.size() > std::numeric_limits<std::uint32_t>::max() - simdjson::SIMDJSON_PADDING) {
    return DecodeFailure{RejectReason::kTooLarge, {}, "the value is larger than 4 GiB"};
  }
  self.load(text);
  if (!self.root() && !valid_utf8(self.text)) {
    return DecodeFailure{RejectReason::kUtf8, {}, "the value is not valid UTF-8"};
  }
  return self.fault;
}

std::span<const JsonEvent> JsonDocument::events() const noexcept { return impl_->events; }

std::string_view JsonDocument::text(const JsonEvent& event) const noexcept {
  const bool quoted = event.kind == JsonKind::kKey || event.kind == JsonKind::kString;
  const std::string_view token = raw(event);
  return quoted ? token.substr(1, token.size() - 2) : token;
}

std::string_view JsonDocument::raw(const JsonEvent& event) const noexcept {
  return impl_->text.substr(event.begin, event.end - event.begin);
}

std::string_view JsonDocument::raw_text() const noexcept { return impl_->text; }

// Where a bracket closes is not in the events: it is the next byte behind what it holds that is no
// blank.
std::string_view JsonDocument::raw_value(std::span<const JsonEvent> value) const noexcept {
  std::size_t end = value.front().end;
  for (const JsonEvent& event : value.subspan(1)) {
    end = event.kind == JsonKind::kEnd ? impl_->text.find_first_not_of(kBlanks, end) + 1
                                       : std::size_t{event.end};
  }
  return impl_->text.substr(value.front().begin, end - value.front().begin);
}

const JsonEvent* JsonDocument::first_non_finite() const noexcept {
  return impl_->non_finite < 0 ? nullptr
                               : &impl_->events[static_cast<std::size_t>(impl_->non_finite)];
}

const DecodeFailure* JsonDocument::duplicate_key() const noexcept {
  return impl_->duplicate ? &*impl_->duplicate : nullptr;
}

std::optional<DecodeFailure> json_verdict(std::string_view text) {
  JsonDocument document;
  std::optional<DecodeFailure> fault = document.read(text);
  if (fault) return fault;
  if (const JsonEvent* event = document.first_non_finite()) {
    return DecodeFailure{
        RejectReason::kNonFinite, {}, std::string(document.text(*event)) + " is not a JSON number"};
  }
  return std::nullopt;
}

}  // namespace headrace::decode
