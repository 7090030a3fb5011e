#include <headrace/ops/explode_operator.hpp>

#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <headrace/decode/json_list.hpp>

namespace headrace::ops {
namespace {

using record::Column;
using record::Field;
using record::RecordBatch;
using record::Schema;

class ExplodeOperator final : public Operator {
 public:
  ExplodeOperator(record::SchemaPtr schema, const Field& list, std::size_t place, bool keep_empty)
      : schema_(std::move(schema)),
        place_(place),
        keep_empty_(keep_empty),
        reader_(list),
        elements_(reader_.row_schema(), kRows) {}

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }

  base::Status process(RecordBatch& batch, record::Rejects& /*rejects*/) override {
    rows_.clear();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (base::Status status = take_apart(batch.column(place_), row); !status) return status;
    }
    std::vector<Column> columns = batch.columns();
    columns.erase(at(columns));
    batch.replace_columns(schema_, std::move(columns));
    batch.repeat(rows_);
    RecordBatch elements = elements_.finish();
    columns = batch.columns();
    columns.insert(at(columns), elements.columns().begin(), elements.columns().end());
    batch.replace_columns(schema_, std::move(columns));
    return {};
  }

  void snapshot(base::ByteWriter& /*writer*/) const override {}
  base::Status restore(base::ByteReader& /*reader*/) override { return {}; }

 private:
  static constexpr std::size_t kRows = 1024;  // to begin with

  base::Status take_apart(const Column& lists, std::size_t row) {
    const std::size_t before = elements_.row();
    if (lists.is_valid(row)) {
      const auto bad =
          reader_.read(lists.dictionary->text(lists.values<std::int32_t>()[row]), elements_);
      // Whoever makes a column of lists has checked them.
      if (bad) {
        return base::Error{.code = base::ErrorCode::kInternal,
                           .message = "explode: " + bad->detail};
      }
    }
    if (keep_empty_ && elements_.row() == before) put_nulls();
    if (elements_.row() > std::numeric_limits<std::uint32_t>::max()) {
      return base::Error{.code = base::ErrorCode::kUnsupported,
                         .message = "explode: more than 4294967295 rows in one batch"};
    }
    rows_.resize(elements_.row(), static_cast<std::uint32_t>(row));
    return {};
  }

  void put_nulls() {
    if (elements_.full()) elements_.grow();
    for (std::size_t i = 0; i < elements_.schema()->size(); ++i) elements_.put_null(i);
    elements_.commit(0);
  }

  [[nodiscard]] std::vector<Column>::iterator at(std::vector<Column>& columns) const {
    return std::next(columns.begin(), static_cast<std::ptrdiff_t>(place_));
  }

  record::SchemaPtr schema_;
  std::size_t place_;
  bool keep_empty_;
  decode::JsonListReader reader_;
  decode::BatchBuilder elements_;
  std::vector<std::uint32_t> rows_;  // that each element is of
};

base::Error explode_error(const base::Error& error) {
  return {.code = error.code, .message = "explode: " + error.message};
}

std::optional<std::string> name_at(const Schema& schema, int index) {
  if (index < 0) return std::nullopt;
  return schema.fields()[static_cast<std::size_t>(index)].name;
}

base::Result<Schema> output_of(const ExplodeArgs& args, std::size_t place) {
  std::vector<Field> fields = args.schema->fields();
  std::vector<Field> items = decode::JsonListReader(fields[place]).row_schema()->fields();
  for (Field& item : items) item.nullable = item.nullable || args.keep_empty;
  const auto at = fields.erase(std::next(fields.begin(), static_cast<std::ptrdiff_t>(place)));
  fields.insert(at, items.begin(), items.end());
  try {
    return Schema(std::move(fields), name_at(*args.schema, args.schema->event_time_index()),
                  name_at(*args.schema, args.schema->key_index()));
  } catch (const base::Exception& exception) {
    return explode_error(exception.error());
  }
}

}  // namespace

base::Result<OperatorPtr> make_explode_operator(const ExplodeArgs& args) {
  const base::Result<int> index = args.schema->require(args.column);
  if (!index) return explode_error(index.error());
  const auto place = static_cast<std::size_t>(*index);
  const Field& list = args.schema->fields()[place];
  if (!list.is_list()) {
    return explode_error({.code = base::ErrorCode::kTypeMismatch,
                          .message = "column \"" + args.column + "\" is no list but " +
                                     std::string(name_of(list.type))});
  }
  base::Result<Schema> output = output_of(args, place);
  if (!output) return output.error();
  return OperatorPtr(std::make_unique<ExplodeOperator>(
      std::make_shared<const Schema>(std::move(*output)), list, place, args.keep_empty));
}

}  // namespace headrace::ops
