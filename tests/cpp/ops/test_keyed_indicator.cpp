#include <headrace/ops/keyed_indicator.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace headrace;

namespace {

// Counts rows and adds them up: the smallest indicator there is.
class Tally {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 2;
  struct State {
    double sum = 0;
    std::uint64_t rows = 0;
  };
  explicit Tally(std::span<const double>) {}
  [[nodiscard]] int lookback() const noexcept { return 0; }
  [[nodiscard]] std::size_t window() const noexcept { return 1; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.rows < 1000; }
  void update(State& s, double* window, const double* in, double* out) const noexcept {
    s.sum += in[0];
    window[0] = in[0];
    out[0] = s.sum;
    out[1] = static_cast<double>(++s.rows);
  }
};

const ops::IndicatorInfo kTally =
    ops::describe<Tally>({.name = "tally", .inputs = {"real"}, .outputs = {"sum", "rows"}});

record::RecordBatch batch_of(const std::vector<double>& values,
                             const std::vector<std::uint32_t>& keys, std::uint32_t key_count) {
  std::vector<record::Column> columns = {
      record::Column::make(record::DType::kFloat64, values.size())};
  std::ranges::copy(values, columns[0].mutable_values<double>());
  record::RecordBatch batch(
      std::make_shared<const record::Schema>(std::vector<record::Field>{{.name = "x"}}),
      values.size(), std::move(columns));
  if (!keys.empty()) {
    batch.key_ids = record::Buffer::allocate(keys.size() * sizeof(std::uint32_t));
    std::ranges::copy(keys, batch.key_ids->as<std::uint32_t>());
  }
  batch.key_count = key_count;
  return batch;
}

std::vector<double> values_of(const record::RecordBatch& batch, std::size_t column) {
  const auto* values = batch.column(column).values<double>();
  return {values, values + batch.rows()};
}

ops::OperatorPtr tally() {
  const record::RecordBatch empty = batch_of({}, {}, 1);
  return kTally.make({.schema = empty.schema(), .inputs = {0}, .params = {}, .outputs = {"s", "n"}})
      .value_or_throw();
}

}  // namespace

TEST_CASE("outputs are appended as columns of the promised schema, one state a key") {
  const ops::OperatorPtr op = tally();
  record::Rejects rejects;
  record::RecordBatch batch = batch_of({1, 2, 4, 8}, {0, 1, 0, 1}, 2);
  REQUIRE(op->process(batch, rejects).ok());
  CHECK(batch.schema() == op->output_schema());
  CHECK(batch.schema()->index_of("n") == 2);
  CHECK(values_of(batch, 1) == std::vector<double>{1, 2, 5, 10});
  CHECK(values_of(batch, 2) == std::vector<double>{1, 1, 2, 2});
}

TEST_CASE("keys may appear at any time, and the first key is the one of a stream without keys") {
  const ops::OperatorPtr op = tally();
  record::Rejects rejects;
  record::RecordBatch none = batch_of({1}, {}, 1);
  REQUIRE(op->process(none, rejects).ok());
  record::RecordBatch later = batch_of({2, 7}, {0, 900}, 901);
  REQUIRE(op->process(later, rejects).ok());
  CHECK(values_of(later, 1) == std::vector<double>{3, 7});
  record::RecordBatch fewer = batch_of({5}, {0}, 1);  // a batch may know less than one before it
  REQUIRE(op->process(fewer, rejects).ok());
  CHECK(values_of(fewer, 1) == std::vector<double>{8});
}

TEST_CASE("an empty batch gets its columns and changes nothing") {
  const ops::OperatorPtr op = tally();
  record::Rejects rejects;
  base::ByteWriter before;
  op->snapshot(before);
  record::RecordBatch batch = batch_of({}, {}, 1);
  REQUIRE(op->process(batch, rejects).ok());
  CHECK(batch.columns().size() == 3);
  base::ByteWriter after;
  op->snapshot(after);
  CHECK(std::ranges::equal(before.bytes(), after.bytes()));
}

TEST_CASE("a snapshot with an impossible state is refused") {
  const ops::OperatorPtr op = tally();
  base::ByteWriter writer;
  writer.put_string("tally");
  writer.put_span(std::span<const double>());
  writer.put(std::uint64_t{1});
  writer.put(1.0);
  writer.put(std::uint64_t{1000});  // consistent() says below 1000
  writer.put_span(std::span<const double>(std::vector<double>{1}));
  base::ByteReader reader(writer.bytes());
  const base::Status status = op->restore(reader);
  REQUIRE(!status.ok());
  CHECK(status.error().message == "the snapshot for tally holds an impossible state");
}
