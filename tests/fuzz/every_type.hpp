// Columns of every type and every unit of time, for drivers that decode into them.
#pragma once

#include <vector>

#include <headrace/record/schema.hpp>

namespace headrace::fuzz {

// Required and nullable, by the names that the seeds use.
inline std::vector<record::Field> every_type() {
  using record::DType;
  using record::TimeUnit;
  return {
      {.name = "t", .type = DType::kTimestamp},
      {.name = "k", .type = DType::kString},
      {.name = "x", .type = DType::kFloat64},
      {.name = "n", .type = DType::kInt64},
      {.name = "b", .type = DType::kBool, .nullable = true},
      {.name = "y", .type = DType::kFloat64, .nullable = true},
      {.name = "s", .type = DType::kString, .nullable = true},
      {.name = "sec", .type = DType::kTimestamp, .nullable = true, .unit = TimeUnit::kSecond},
      {.name = "ms", .type = DType::kTimestamp, .nullable = true, .unit = TimeUnit::kMillisecond},
      {.name = "us", .type = DType::kTimestamp, .nullable = true, .unit = TimeUnit::kMicrosecond},
      {.name = "ns", .type = DType::kTimestamp, .nullable = true, .unit = TimeUnit::kNanosecond}};
}

// Of lists: numbers, and objects of every type.
inline record::Field list_of_numbers() {
  return {.name = "numbers",
          .type = record::DType::kString,
          .nullable = true,
          .items = {{.name = "", .type = record::DType::kFloat64, .nullable = true}}};
}
inline record::Field list_of_objects() {
  return {
      .name = "objects", .type = record::DType::kString, .nullable = true, .items = every_type()};
}

}  // namespace headrace::fuzz
