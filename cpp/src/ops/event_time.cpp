#include <headrace/ops/event_time.hpp>

#include <string>

namespace headrace::ops {

base::Status require_event_time(std::string_view who, const record::Schema& schema) {
  if (schema.event_time_index() >= 0) return {};
  std::string message(who);
  message += ": needs an event time, and the stream has none";
  for (const record::Field& field : schema.fields()) {
    if (field.type != record::DType::kTimestamp || field.nullable) continue;
    message +=
        ": say which column it is, as in hr.Schema({...}, event_time=\"" + field.name + "\")";
    break;
  }
  return base::Error{.code = base::ErrorCode::kSchema, .message = std::move(message)};
}

}  // namespace headrace::ops
