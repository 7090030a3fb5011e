#include <headrace/decode/json_list.hpp>

#include <utility>
#include <vector>

#include <headrace/decode/json_text.hpp>

namespace headrace::decode {
namespace {

using record::Field;
using record::RejectReason;

record::SchemaPtr row_schema_of(const Field& list) {
  std::vector<Field> fields = list.items;
  for (Field& field : fields) {
    if (field.path.empty()) field.path = {field.name};
    field.name = field.name.empty() ? list.name : list.name + "." + field.name;
  }
  return std::make_shared<const record::Schema>(std::move(fields));
}

}  // namespace

JsonListReader::JsonListReader(const Field& list)
    : name_(list.name),
      objects_(!list.items.front().name.empty()),
      schema_(row_schema_of(list)),
      object_(schema_),
      scratch_(schema_, 1) {}

std::optional<DecodeFailure> JsonListReader::check(const JsonDocument& document,
                                                   std::span<const JsonEvent> events) {
  return elements(document, events, nullptr);
}

std::optional<DecodeFailure> JsonListReader::check(std::string_view text) {
  if (std::optional<DecodeFailure> bad = open(text)) return bad;
  return elements(document_, document_.events(), nullptr);
}

std::optional<DecodeFailure> JsonListReader::read(std::string_view text, BatchBuilder& builder) {
  if (std::optional<DecodeFailure> bad = open(text)) return bad;
  return elements(document_, document_.events(), &builder);
}

std::optional<DecodeFailure> JsonListReader::open(std::string_view text) {
  std::optional<DecodeFailure> bad = document_.read(text);
  if (!bad && document_.duplicate_key() != nullptr) bad = *document_.duplicate_key();
  if (!bad && document_.events().front().kind != JsonKind::kArray) {
    bad = DecodeFailure{RejectReason::kWrongType, {}, "expected list, got " + excerpt(text)};
  }
  if (!bad) return std::nullopt;
  bad->detail = "field \"" + name_ + "\": " + bad->detail;
  bad->field = name_;
  return bad;
}

std::optional<DecodeFailure> JsonListReader::elements(const JsonDocument& document,
                                                      std::span<const JsonEvent> events,
                                                      BatchBuilder* rows) {
  BatchBuilder& builder = rows != nullptr ? *rows : scratch_;
  std::size_t index = 0;
  for (std::size_t i = 1; i + 1 < events.size(); ++index) {  // without the brackets
    const std::size_t size = size_of_value(events.subspan(i));
    if (builder.full()) builder.grow();
    if (auto bad = element(document, events.subspan(i, size), builder)) {
      builder.abandon();
      return at(index, std::move(*bad));
    }
    if (rows != nullptr) {
      intern(builder);
      builder.commit(0);
    } else {
      builder.abandon();
    }
    i += size;
  }
  return std::nullopt;
}

std::optional<DecodeFailure> JsonListReader::element(const JsonDocument& document,
                                                     std::span<const JsonEvent> events,
                                                     BatchBuilder& builder) {
  const JsonEvent& event = events.front();
  if (objects_ && event.kind == JsonKind::kObject) {
    return object_.read_part(document, events, builder);
  }
  const std::string_view got = document.raw_value(events);
  if (objects_) {
    return DecodeFailure{RejectReason::kWrongType,
                         {},
                         "field \"" + name_ + "\": expected an object, got " + excerpt(got)};
  }
  texts_.clear();
  const Refusal refusal = scalar(document, event, builder);
  if (refusal) return explain(schema_->fields().front(), *refusal, got);
  return std::nullopt;
}

Refusal JsonListReader::scalar(const JsonDocument& document, const JsonEvent& event,
                               BatchBuilder& builder) {
  const Field& field = schema_->fields().front();
  switch (event.kind) {
    case JsonKind::kNull:
      return write_null(field, 0, builder);
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      return write_bool(field, 0, event.kind == JsonKind::kTrue, builder);
    case JsonKind::kNumber:
      return write_number(field, 0, document.text(event), builder);
    case JsonKind::kNonFinite:
      return RejectReason::kNonFinite;
    case JsonKind::kString:
      break;
    default:
      return RejectReason::kWrongType;
  }
  if (!event.escaped) return write_text(field, 0, document.text(event), builder, texts_);
  unescaped_.clear();
  // The document was read to its end: its escapes are known to be good.
  static_cast<void>(unescape(document.text(event), unescaped_));
  return write_text(field, 0, unescaped_, builder, texts_);
}

void JsonListReader::intern(BatchBuilder& builder) const {
  if (objects_) {
    object_.intern(builder);
  } else {
    texts_.intern(builder);
  }
}

// field "objects.label": ... of the element 2 is field "objects[2].label": ...
DecodeFailure JsonListReader::at(std::size_t index, DecodeFailure bad) const {
  const std::string begin = "field \"" + name_;
  const std::string place = "[" + std::to_string(index) + "]";
  if (bad.detail.starts_with(begin)) {
    bad.detail.insert(begin.size(), place);
  } else {
    bad.detail.insert(0, begin + place + "\": ");
  }
  bad.field = name_;
  return bad;
}

}  // namespace headrace::decode
