// The columns of a stream: names, types, nullability, where in the message each value is found.
//
// Thread contract: immutable after construction by convention; shared as shared_ptr<const Schema>.
// Cost: lookup by name is linear (schemas have tens of columns and are resolved at plan time).
//
//   auto schema = std::make_shared<const Schema>(std::vector<Field>{
//       {.name = "Date", .type = DType::kTimestamp}, {.name = "Close", .type = DType::kFloat64}});
//   int close = schema->index_of("Close");   // 1, or -1
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>

namespace headrace::record {

// kTimestamp: int64 nanoseconds since 1970-01-01T00:00:00Z. kString: int32 code into a Dictionary.
enum class DType : std::uint8_t { kBool, kInt64, kFloat64, kString, kTimestamp };

[[nodiscard]] std::string_view name_of(DType type) noexcept;  // "bool" "int64" "float64" ...
[[nodiscard]] base::Result<DType> dtype_from_name(std::string_view name);
[[nodiscard]] std::size_t width_of(DType type) noexcept;  // bytes a value: 1 8 8 4 8

// How the number of a numeric timestamp counts; kAuto accepts ISO 8601 text only.
enum class TimeUnit : std::uint8_t { kAuto, kSecond, kMillisecond, kMicrosecond, kNanosecond };

struct Field {
  std::string name;
  DType type = DType::kFloat64;
  bool nullable = false;
  TimeUnit unit = TimeUnit::kAuto;  // timestamps only
  std::vector<std::string> path;    // keys from the root of the message; empty: {name}
  // Of a list: what its elements are, objects of these fields, or values of one field without a
  // name. The column is then a kString that holds the list as JSON text, known to be as they say.
  std::vector<Field> items;

  [[nodiscard]] bool is_list() const noexcept { return !items.empty(); }
};

class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields, std::optional<std::string> event_time = {},
                  std::optional<std::string> key = {});

  [[nodiscard]] const std::vector<Field>& fields() const noexcept { return fields_; }
  [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
  [[nodiscard]] int index_of(std::string_view name) const noexcept;  // -1 where absent
  // Index, or an error that names the nearest column and lists them all.
  [[nodiscard]] base::Result<int> require(std::string_view name) const;
  [[nodiscard]] int event_time_index() const noexcept { return event_time_; }  // -1: none
  [[nodiscard]] int key_index() const noexcept { return key_; }                // -1: none

  // A copy with one more column at the end / with just these columns in this order.
  [[nodiscard]] base::Result<Schema> with(Field field) const;
  [[nodiscard]] base::Result<Schema> select(const std::vector<std::string>& names) const;

 private:
  std::vector<Field> fields_;
  int event_time_ = -1;
  int key_ = -1;
};

using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace headrace::record
