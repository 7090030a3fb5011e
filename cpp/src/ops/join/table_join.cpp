#include <headrace/ops/join/table_join.hpp>

#include <memory>
#include <utility>

#include <headrace/ops/join/join_key.hpp>
#include <headrace/ops/join/join_step.hpp>
#include <headrace/ops/join/joined_rows.hpp>
#include <headrace/ops/join/key_states.hpp>
#include <headrace/ops/join/row_pool.hpp>

namespace headrace::ops {
namespace {

using record::RecordBatch;
using Place = RowPool::Place;

class TableJoin final : public MergeOperator {
 public:
  TableJoin(TableJoinArgs args, JoinColumns columns)
      : args_(std::move(args)),
        columns_(std::move(columns)),
        left_key_(columns_.left_by),
        table_key_(columns_.right_by),
        left_(*args_.left, all_columns(*args_.left)),
        table_(*args_.table, columns_.right_taken),
        joined_(columns_.output) {}

  const record::SchemaPtr& output_schema() const noexcept override { return columns_.output; }

  base::Status process(std::span<const RecordBatch> inputs, std::span<const MergedRun> order,
                       RecordBatch& out, record::Rejects& /*rejects*/) override {
    const RowPool::Places rows = table_.add(inputs[kRightInput]);
    const RowPool::Places lefts = left_.add(inputs[kLeftInput]);
    for_each_row(order, [&](std::uint32_t input, std::size_t row) {
      if (input == kRightInput) {
        update(inputs[kRightInput], row, rows[row]);
      } else {
        look_up(inputs[kLeftInput], row, lefts[row]);
      }
    });
    joined_.take(left_, table_, out);
    return {};
  }

  base::Status finish(RecordBatch& out, record::Rejects& /*rejects*/) override {
    joined_.take(left_, table_, out);
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override {
    writer.put(static_cast<std::uint8_t>(args_.how));
    const auto entries = latest_.sorted();
    std::vector<Place> places;
    for (const auto* entry : entries) places.push_back(entry->second);
    table_.snapshot(writer, places);
    for (const auto* entry : entries) writer.put_string(entry->first);
  }

  // On an error the state is what it was.
  base::Status restore(base::ByteReader& reader) override {
    TableJoin fresh(args_, columns_);
    if (base::Status s = fresh.read(reader); !s) return s;
    *this = std::move(fresh);
    return {};
  }

 private:
  using Latest = KeyStates<Place>;

  [[nodiscard]] base::Status read(base::ByteReader& reader) {
    std::uint8_t how = 0;
    if (base::Status s = reader.get_into(how); !s) return s;
    if (how != static_cast<std::uint8_t>(args_.how)) {
      return damaged_join("has another how than the step");
    }
    std::vector<Place> places;
    if (base::Status s = table_.restore(reader, places); !s) return s;
    for (const Place place : places) {
      const base::Result<std::string> key = reader.get_string();
      if (!key) return key.error();
      if (latest_.find(*key) != nullptr) return damaged_join("has a key twice");
      latest_.at(*key).second = place;
    }
    return {};
  }

  void update(const RecordBatch& batch, std::size_t row, Place place) {
    const auto key = table_key_.of(batch, row);
    if (!key) return table_.drop(place);
    if (batch.deleted && batch.deleted->as<std::uint8_t>()[row] != 0) {
      table_.drop(place);
      if (const Latest::Entry* const entry = latest_.find(*key)) {
        table_.drop(entry->second);
        latest_.erase(*entry);
      }
      return;
    }
    if (Latest::Entry* const entry = latest_.find(*key)) {
      table_.drop(std::exchange(entry->second, place));
    } else {
      latest_.at(*key).second = place;
    }
  }

  // What is replaced later in the same call can still be copied at its end (row_pool.hpp).
  void look_up(const RecordBatch& batch, std::size_t row, Place left) {
    const auto key = left_key_.of(batch, row);
    const Latest::Entry* const entry = key ? latest_.find(*key) : nullptr;
    if (entry != nullptr) {
      joined_.add(left, entry->second);
    } else if (args_.how == JoinHow::kLeft) {
      joined_.add(left, RowPool::kNoRow);
    }
    left_.drop(left);
  }

  TableJoinArgs args_;
  JoinColumns columns_;
  JoinKey left_key_;
  JoinKey table_key_;
  RowPool left_;
  RowPool table_;
  Latest latest_;
  JoinedRows joined_;
};

base::Status check_on(const TableJoinArgs& args) {
  const int key = args.table->key_index();
  if (key < 0) {
    return base::invalid_argument(
        "join: the table has no key: say which column it is, as in hr.table(..., key=\"" +
        args.table->fields().front().name + "\")");
  }
  const std::string& name = args.table->fields()[static_cast<std::size_t>(key)].name;
  if (args.on.size() == 1 && args.on.front() == name) return {};
  std::string got;
  for (const std::string& on : args.on) got += (got.empty() ? "\"" : ", \"") + on + "\"";
  return base::invalid_argument("join: on: a table is joined by its key, \"" + name + "\", got " +
                                (got.empty() ? "no column" : got));
}

}  // namespace

base::Result<MergeOperatorPtr> make_table_join(TableJoinArgs args) {
  if (base::Status s = check_on(args); !s) return s.error();
  base::Result<JoinColumns> columns = join_columns({.who = "join",
                                                    .left = args.left,
                                                    .right = args.table,
                                                    .by = args.on,
                                                    .suffix = args.suffix,
                                                    .nullable = args.how == JoinHow::kLeft});
  if (!columns) return columns.error();
  return MergeOperatorPtr(std::make_unique<TableJoin>(std::move(args), std::move(*columns)));
}

}  // namespace headrace::ops
