// The rows that a window step gives out, gathered while a batch is worked off.
//
// Thread contract: belongs to one operator.
// Cost: 40 bytes a result until the batch is written.
//
//   results.add({.group = id, .start = 0, .end = 60, .offset = 7});   // and panes.emit({pane})
//   results.write(batch, groups, panes);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/ops/window/group_index.hpp>
#include <headrace/ops/window/pane_set.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

struct WindowResult {
  std::uint32_t group = 0;
  std::uint32_t key = 0;  // what the steps behind know the group by: its serial
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t offset = 0;
  bool is_final = true;
};

class WindowResults {
 public:
  // What the columns beside the group's and the aggregates' are called; empty: not there.
  struct Names {
    std::string start;
    std::string end;
    std::string is_final;
  };

  // An error where two columns have one name.
  [[nodiscard]] static base::Result<WindowResults> make(const record::Schema& input,
                                                        const std::vector<std::size_t>& group,
                                                        std::vector<record::Field> aggregates,
                                                        Names names);

  [[nodiscard]] const record::SchemaPtr& schema() const noexcept { return schema_; }
  void add(const WindowResult& result) { results_.push_back(result); }
  // Replaces the rows of the batch by the results so far, of which there are none then.
  void write(record::RecordBatch& batch, const GroupIndex& groups, PaneSet& panes);

 private:
  Names names_;
  std::size_t group_columns_ = 0;
  record::SchemaPtr schema_;
  std::vector<WindowResult> results_;
};

}  // namespace headrace::ops
