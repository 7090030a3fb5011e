// Bars for windows in which nothing happened: the last price goes on, with no volume.
//
// Stands behind a window step with tumbling, calendar or trading-hours windows. When a group's next
// window comes and others lie between it and the one before, a row is made for each of them, in
// order, before it. Columns in `carried` have the last value of the column `carry`, those in
// `zeroed` are 0 (float64 NaN in `emptied`), the group's columns repeat. A gap longer than
// `longest`, or of more than 100,000 windows, stays one.
//
// Thread contract: see operator.hpp.
// Cost: a few ns a row that closes no gap; 24 bytes a group.
//
//   FillArgs args{.schema = bars, .slices = minutes, .carry = "Close", .carried = {"Open", "High"},
//                 .zeroed = {"Volume"}};
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <headrace/ops/operator.hpp>
#include <headrace/ops/window/slices.hpp>

namespace headrace::ops {

struct FillArgs {
  record::SchemaPtr schema;
  Slices slices;
  std::string end;                   // column with the window's end; empty: none
  std::string carry;                 // float64
  std::vector<std::string> carried;  // float64, `carry` among them
  std::vector<std::string> zeroed;   // int64 or float64
  std::vector<std::string> emptied;  // float64
  std::int64_t longest = std::numeric_limits<std::int64_t>::max();
};

[[nodiscard]] base::Result<OperatorPtr> make_fill_operator(FillArgs args);

}  // namespace headrace::ops
