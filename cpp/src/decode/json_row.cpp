#include <headrace/decode/json_row.hpp>

#include <utility>

#include <headrace/decode/json_list.hpp>
#include <headrace/decode/json_text.hpp>

namespace headrace::decode {

using record::RejectReason;

JsonRowReader::JsonRowReader(record::SchemaPtr schema)
    : schema_(std::move(schema)), seen_(schema_->size()), lists_(schema_->size()) {
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    bind(static_cast<int>(i));
    if (schema_->fields()[i].is_list()) {
      lists_[i] = std::make_unique<JsonListReader>(schema_->fields()[i]);
    }
  }
}

JsonRowReader::~JsonRowReader() = default;

void JsonRowReader::bind(int column) {
  Place* place = &root_;
  for (const std::string& key : field(column).path) {
    std::unique_ptr<Place>& next = place->below[key];
    if (!next) {
      next = std::make_unique<Place>();
      next->path = place == &root_ ? key : place->path + "." + key;
      next->first_column = column;
    }
    place = next.get();
  }
  if (place->column >= 0) {
    throw base::Exception({.code = base::ErrorCode::kSchema,
                           .message = "columns \"" + field(place->column).name + "\" and \"" +
                                      field(column).name + "\" both read \"" + place->path + "\""});
  }
  place->column = column;
}

// What a key or string says.
std::string_view JsonRowReader::meaning(const JsonEvent& event) {
  if (!event.escaped) return source_->text(event);
  scratch_.clear();
  // The document was read to its end: its escapes are known to be good.
  static_cast<void>(unescape(source_->text(event), scratch_));
  return scratch_;
}

const JsonRowReader::Place* JsonRowReader::step(const Place* from, const JsonEvent& key) {
  if (from == nullptr) return nullptr;
  const auto at = from->below.find(meaning(key));
  return at == from->below.end() ? nullptr : at->second.get();
}

std::optional<DecodeFailure> JsonRowReader::container(const Place* place, const JsonEvent& event) {
  if (place == nullptr) return std::nullopt;
  const bool object = event.kind == JsonKind::kObject;
  if (place->column >= 0) {
    return explain(field(place->column), RejectReason::kWrongType,
                   object ? "an object" : "an array");
  }
  if (object) return std::nullopt;
  const record::Field& first = field(place->first_column);
  return DecodeFailure{
      RejectReason::kWrongType, first.name,
      "field \"" + first.name + "\": expected an object at \"" + place->path + "\", got an array"};
}

bool JsonRowReader::is_list(const Place* place) const noexcept {
  return place != nullptr && place->column >= 0 && field(place->column).is_list();
}

Refusal JsonRowReader::write(int column, const JsonEvent& event, BatchBuilder& builder) {
  const auto index = static_cast<std::size_t>(column);
  const record::Field& target = field(column);
  switch (event.kind) {
    case JsonKind::kNull:
      return write_null(target, index, builder);
    case JsonKind::kTrue:
    case JsonKind::kFalse:
      return write_bool(target, index, event.kind == JsonKind::kTrue, builder);
    case JsonKind::kNumber:
      return write_number(target, index, source_->text(event), builder);
    default:
      break;
  }
  return write_text(target, index, meaning(event), builder, texts_);
}

std::optional<DecodeFailure> JsonRowReader::scalar(const Place* place, const JsonEvent& event,
                                                   BatchBuilder& builder) {
  const int column = place == nullptr ? JsonSlot::kUnasked : place->column;
  const bool on_the_way = place != nullptr && column < 0;
  slots_.push_back({.begin = event.begin,
                    .end = event.end,
                    .column = on_the_way ? JsonSlot::kOnlyNull : column});
  const std::string_view got = source_->raw(event);
  if (event.kind == JsonKind::kNonFinite) {
    record::Field unasked;
    if (last_key_ != nullptr) unasked.name = excerpt(source_->text(*last_key_));
    return explain(column >= 0 ? field(column) : unasked, RejectReason::kNonFinite, got);
  }
  if (place == nullptr) return std::nullopt;
  if (on_the_way) {  // an object is expected here; null means that it is absent
    if (event.kind == JsonKind::kNull) return std::nullopt;
    const record::Field& first = field(place->first_column);
    return DecodeFailure{RejectReason::kWrongType, first.name,
                         "field \"" + first.name + "\": expected an object at \"" + place->path +
                             "\", got " + excerpt(got)};
  }
  seen_[static_cast<std::size_t>(column)] = 1;
  met_list_ = met_list_ || field(column).is_list();
  const Refusal refusal = write(column, event, builder);
  if (refusal) return explain(field(column), *refusal, got);
  return std::nullopt;
}

std::optional<DecodeFailure> JsonRowReader::list(const Place& place,
                                                 std::span<const JsonEvent> events) {
  met_list_ = true;
  const auto column = static_cast<std::size_t>(place.column);
  seen_[column] = 1;
  std::optional<DecodeFailure> bad = lists_[column]->check(*source_, events);
  if (!bad) texts_.add(column, source_->raw_value(events));
  return bad;
}

std::optional<DecodeFailure> JsonRowReader::fill(std::span<const JsonEvent> events,
                                                 BatchBuilder& builder) {
  const Place* here = &root_;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const JsonEvent& event = events[i];
    std::optional<DecodeFailure> bad;
    switch (event.kind) {
      case JsonKind::kArray:
        if (is_list(here)) {
          const std::size_t size = size_of_value(events.subspan(i));
          bad = list(*here, events.subspan(i, size));
          i += size - 1;
          here = nullptr;
          break;
        }
        [[fallthrough]];
      case JsonKind::kObject:
        bad = container(here, event);
        here = event.kind == JsonKind::kObject ? here : nullptr;
        open_.push_back(here);
        break;
      case JsonKind::kEnd:
        open_.pop_back();
        here = nullptr;  // the next value has a key of its own, or is an array's
        break;
      case JsonKind::kKey:
        last_key_ = &event;
        here = step(open_.back(), event);
        break;
      default:
        bad = scalar(here, event, builder);
        break;
    }
    if (bad) return bad;
  }
  return std::nullopt;
}

std::optional<DecodeFailure> JsonRowReader::absent(BatchBuilder& builder) {
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    if (seen_[i] != 0) continue;
    const record::Field& missing = field(static_cast<int>(i));
    if (!missing.nullable) return explain(missing, RejectReason::kMissingField, {});
    builder.put_null(i);
  }
  return std::nullopt;
}

std::optional<DecodeFailure> JsonRowReader::read(std::string_view text, BatchBuilder& builder) {
  if (std::optional<DecodeFailure> fault = document_.read(text)) return fault;
  if (const DecodeFailure* twin = document_.duplicate_key()) return *twin;
  if (document_.events().front().kind != JsonKind::kObject) {
    return DecodeFailure{
        RejectReason::kNotObject, {}, "expected an object, got " + excerpt(document_.raw_text())};
  }
  std::optional<DecodeFailure> bad = read_part(document_, document_.events(), builder);
  if (!bad) intern(builder);
  return bad;
}

std::optional<DecodeFailure> JsonRowReader::read_part(const JsonDocument& document,
                                                      std::span<const JsonEvent> events,
                                                      BatchBuilder& builder) {
  source_ = &document;
  slots_.clear();
  open_.clear();
  texts_.clear();
  last_key_ = nullptr;
  met_list_ = false;
  seen_.assign(seen_.size(), 0);
  std::optional<DecodeFailure> bad = fill(events, builder);
  if (!bad) bad = absent(builder);
  if (bad) builder.abandon();
  return bad;
}

}  // namespace headrace::decode
