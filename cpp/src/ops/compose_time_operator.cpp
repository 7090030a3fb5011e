#include <headrace/ops/compose_time_operator.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <headrace/ops/time_parts.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;
using record::Field;
using record::RecordBatch;
using record::RejectReason;
using record::Schema;
using record::SchemaPtr;

constexpr std::int64_t kSecond = 1'000'000'000;

// What the parts of a row are.
enum class Verdict : std::uint8_t { kTime, kNull, kNoDate, kNoClock, kRange };

struct Places {
  std::vector<std::size_t> date;  // one column, or year, month and day
  std::optional<std::size_t> clock;
};

class ComposeTimeOperator final : public Operator {
 public:
  ComposeTimeOperator(ComposeTimeArgs args, Places places, SchemaPtr output, std::size_t place)
      : args_(std::move(args)),
        places_(std::move(places)),
        output_(std::move(output)),
        place_(place) {}

  const SchemaPtr& output_schema() const noexcept override { return output_; }

  base::Status process(RecordBatch& batch, record::Rejects& rejects) override {
    const std::size_t rows = batch.rows();
    Column made = Column::make(DType::kTimestamp, rows);
    auto* times = made.mutable_values<std::int64_t>();
    kept_.clear();
    for (std::size_t row = 0; row < rows; ++row) {
      const Verdict verdict = compose(batch, row, times[row]);
      if (verdict == Verdict::kNull && args_.nullable) {
        made.set_null(row, rows);
      } else if (verdict != Verdict::kTime) {
        rejects.push_back(reject(batch, row, verdict));
        continue;
      }
      kept_.push_back(static_cast<std::uint32_t>(row));
    }
    put(batch, std::move(made));
    if (kept_.size() < rows) batch.gather(kept_);
    return {};
  }

  // It remembers nothing.
  void snapshot(base::ByteWriter& /*writer*/) const override {}
  base::Status restore(base::ByteReader& /*reader*/) override { return {}; }

 private:
  // Sets `ns` to 0 where there is no time.
  [[nodiscard]] Verdict compose(const RecordBatch& batch, std::size_t row,
                                std::int64_t& ns) const noexcept {
    ns = 0;
    if (first_null(batch, row)) return Verdict::kNull;
    std::int64_t days = 0;
    if (!day_at(batch, row, days)) return Verdict::kNoDate;
    std::int64_t seconds = 0;
    if (places_.clock && !clock_at(batch.column(*places_.clock), row, seconds)) {
      return Verdict::kNoClock;
    }
    std::int64_t local = 0;
    if (__builtin_mul_overflow(days * kDaySeconds + seconds, kSecond, &local))
      return Verdict::kRange;
    ns = args_.zone ? args_.zone->to_utc(local) : local;
    return Verdict::kTime;
  }

  [[nodiscard]] bool day_at(const RecordBatch& batch, std::size_t row,
                            std::int64_t& days) const noexcept {
    if (places_.date.size() == 1) return date_at(batch.column(places_.date[0]), row, days);
    std::int64_t parts[3] = {};
    for (std::size_t i = 0; i < 3; ++i) {
      if (!whole_at(batch.column(places_.date[i]), row, parts[i])) return false;
    }
    return days_of(parts[0], parts[1], parts[2], days);
  }

  [[nodiscard]] std::optional<std::size_t> first_null(const RecordBatch& batch,
                                                      std::size_t row) const noexcept {
    for (const std::size_t column : places_.date) {
      if (!batch.column(column).is_valid(row)) return column;
    }
    if (places_.clock && !batch.column(*places_.clock).is_valid(row)) return places_.clock;
    return std::nullopt;
  }

  void put(RecordBatch& batch, Column made) const {
    std::vector<Column> columns = batch.columns();  // shares their values
    if (args_.event_time) batch.event_times = made.data;
    if (columns.size() == output_->size()) {
      columns[place_] = std::move(made);
    } else {
      columns.insert(columns.begin() + static_cast<std::ptrdiff_t>(place_), std::move(made));
    }
    batch.replace_columns(output_, std::move(columns));
  }

  [[nodiscard]] record::Reject reject(const RecordBatch& batch, std::size_t row,
                                      Verdict verdict) const {
    record::Reject made;
    made.field = args_.name;
    made.task = batch.task;
    if (batch.offsets) made.offset = batch.offset_values()[row];
    made.reason = verdict == Verdict::kNull    ? RejectReason::kNull
                  : verdict == Verdict::kRange ? RejectReason::kTimeRange
                                               : RejectReason::kTimeFormat;
    made.detail = "field \"" + args_.name + "\": ";
    if (verdict == Verdict::kNull) {
      made.detail += "column \"" + name_of(first_null(batch, row).value_or(0)) + "\" is null";
    } else if (verdict == Verdict::kNoClock) {
      made.detail += shown(batch, row, {*places_.clock}) + " is no time of day";
    } else {
      made.detail +=
          shown(batch, row, places_.date) +
          (verdict == Verdict::kNoDate ? " is no date" : " is outside 1677-09-21 to 2262-04-11");
    }
    return made;
  }

  [[nodiscard]] const std::string& name_of(std::size_t column) const noexcept {
    return args_.schema->fields()[column].name;
  }

  [[nodiscard]] std::string shown(const RecordBatch& batch, std::size_t row,
                                  const std::vector<std::size_t>& columns) const {
    std::string text;
    for (const std::size_t column : columns) {
      text += (text.empty() ? "" : ", ") + name_of(column) + "=" +
              record::value_text(batch.column(column), row);
    }
    return text;
  }

  ComposeTimeArgs args_;
  Places places_;
  SchemaPtr output_;
  std::size_t place_;  // of the new column
  std::vector<std::uint32_t> kept_;
};

// ---- making one

base::Result<std::size_t> find_part(const Schema& schema, const std::string& part,
                                    const std::string& name,
                                    std::initializer_list<DType> possible) {
  base::Result<int> index = schema.require(name);
  if (!index) {
    base::Error error = index.error();
    error.message = "timestamp_from: " + part + ": " + error.message;
    return error;
  }
  const DType type = schema.fields()[static_cast<std::size_t>(*index)].type;
  if (std::find(possible.begin(), possible.end(), type) == possible.end()) {
    std::string listed;
    for (const DType one : possible) {
      listed += (listed.empty() ? "" : " or ") + std::string(record::name_of(one));
    }
    return base::Error{.code = base::ErrorCode::kTypeMismatch,
                       .message = "timestamp_from: " + part + ": column \"" + name + "\" is " +
                                  std::string(record::name_of(type)) + "; expected " + listed};
  }
  return static_cast<std::size_t>(*index);
}

base::Result<Places> find_parts(const Schema& schema, const TimeParts& parts) {
  struct Part {
    const char* name;
    const std::optional<std::string>& column;
  };
  const Part numbers[] = {{"year", parts.year}, {"month", parts.month}, {"day", parts.day}};
  const auto given = std::count_if(std::begin(numbers), std::end(numbers),
                                   [](const Part& part) { return part.column.has_value(); });
  if (given != (parts.date ? 0 : 3)) {
    return base::invalid_argument(
        "timestamp_from: expected either date, or year, month and day, and perhaps clock");
  }
  Places places;
  if (parts.date) {
    const auto at =
        find_part(schema, "date", *parts.date, {DType::kTimestamp, DType::kString, DType::kInt64});
    if (!at) return at.error();
    places.date.push_back(*at);
  }
  for (const auto& [name, column] : numbers) {
    if (!column) continue;
    const auto at =
        find_part(schema, name, *column, {DType::kInt64, DType::kFloat64, DType::kString});
    if (!at) return at.error();
    places.date.push_back(*at);
  }
  if (parts.clock) {
    const auto at =
        find_part(schema, "clock", *parts.clock, {DType::kInt64, DType::kFloat64, DType::kString});
    if (!at) return at.error();
    places.clock = *at;
  }
  return places;
}

base::Result<SchemaPtr> output_of(const ComposeTimeArgs& args, std::size_t place) {
  const Schema& schema = *args.schema;
  const auto name_at = [&schema](int index) {
    return index < 0 ? std::optional<std::string>()
                     : schema.fields()[static_cast<std::size_t>(index)].name;
  };
  const std::optional<std::string> key = name_at(schema.key_index());
  const std::optional<std::string> time = name_at(schema.event_time_index());
  if (args.name == key || (args.name == time && !args.event_time)) {
    return base::invalid_argument("timestamp_from: column \"" + args.name +
                                  "\" is the key or event time already; give it another name");
  }
  std::vector<Field> fields = schema.fields();
  Field field{.name = args.name, .type = DType::kTimestamp, .nullable = args.nullable};
  if (schema.index_of(args.name) >= 0) {
    fields[place] = std::move(field);
  } else {
    fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(place), std::move(field));
  }
  try {
    return std::make_shared<const Schema>(std::move(fields), args.event_time ? args.name : time,
                                          key);
  } catch (const base::Exception& wrong) {
    return wrong.error();
  }
}

}  // namespace

base::Result<OperatorPtr> make_compose_time_operator(ComposeTimeArgs args) {
  if (args.name.empty()) return base::invalid_argument("timestamp_from: a column needs a name");
  base::Result<Places> places = find_parts(*args.schema, args.parts);
  if (!places) return places.error();
  const int namesake = args.schema->index_of(args.name);
  const std::size_t place =
      namesake >= 0 ? static_cast<std::size_t>(namesake) : std::min(args.at, args.schema->size());
  base::Result<SchemaPtr> output = output_of(args, place);
  if (!output) return output.error();
  return OperatorPtr(std::make_unique<ComposeTimeOperator>(std::move(args), std::move(*places),
                                                           std::move(*output), place));
}

}  // namespace headrace::ops
