#include <headrace/model/predict_operator.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "catch.hpp"
#include "fake_predictor.hpp"

using namespace headrace;
using record::Column;
using record::DType;
using record::RecordBatch;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Row {
  double price;
  std::int64_t volume;
  bool up;
  std::uint32_t key = 0;
  bool null_volume = false;
};

record::SchemaPtr schema() {
  return std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "price", .type = DType::kFloat64, .nullable = true},
                                 {.name = "volume", .type = DType::kInt64, .nullable = true},
                                 {.name = "up", .type = DType::kBool},
                                 {.name = "name", .type = DType::kString}});
}

RecordBatch batch_of(std::span<const Row> rows) {
  std::vector<Column> columns;
  const record::SchemaPtr of = schema();
  for (const record::Field& field : of->fields()) {
    columns.push_back(Column::make(field.type, rows.size()));
  }
  RecordBatch batch(of, rows.size(), std::move(columns));
  batch.key_ids = record::Buffer::allocate(rows.size() * 4);
  batch.key_count = 3;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    batch.column(0).mutable_values<double>()[i] = rows[i].price;
    batch.column(1).mutable_values<std::int64_t>()[i] = rows[i].null_volume ? 0 : rows[i].volume;
    if (rows[i].null_volume) batch.column(1).set_null(i, rows.size());
    batch.column(2).mutable_values<std::uint8_t>()[i] = rows[i].up ? 1 : 0;
    batch.column(3).mutable_values<std::int32_t>()[i] = 0;
    batch.key_ids->as<std::uint32_t>()[i] = rows[i].key;
  }
  return batch;
}

ops::OperatorPtr make(std::shared_ptr<model::Predictor> predictor,
                      std::vector<std::string> outputs = {"p"},
                      std::vector<int> inputs = {0, 1, 2}) {
  return model::make_predict_operator({.schema = schema(),
                                       .predictor = std::move(predictor),
                                       .inputs = std::move(inputs),
                                       .outputs = std::move(outputs)})
      .value_or_throw();
}

std::vector<double> run(ops::Operator& op, std::span<const Row> rows, std::size_t output = 0) {
  RecordBatch batch = batch_of(rows);
  record::Rejects rejects;
  REQUIRE(op.process(batch, rejects));
  REQUIRE(rejects.empty());
  REQUIRE(batch.schema() == op.output_schema());
  REQUIRE(batch.columns().size() == batch.schema()->size());
  const auto* values = batch.column(4 + output).values<double>();
  return {values, values + batch.rows()};
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

std::vector<Row> random_rows(std::size_t n) {
  std::mt19937 random(11);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < n; ++i) {
    rows.push_back({.price = random() % 13 == 0 ? kNan : static_cast<double>(random() % 1000) / 7,
                    .volume = static_cast<std::int64_t>(random() % 100),
                    .up = random() % 2 == 0,
                    .key = static_cast<std::uint32_t>(random() % 3),
                    .null_volume = random() % 17 == 0});
  }
  return rows;
}

}  // namespace

TEST_CASE("columns of every numeric type become the rows of the input matrix") {
  auto op = make(test::weighted(3, 0, 2), {"a", "b"});
  const std::vector<Row> rows{{1.5, 2, true}, {-1, 10, false}};
  CHECK(run(*op, rows, 0) == std::vector<double>{1.5 + 4 + 3, -1 + 20});
  CHECK(run(*op, rows, 1) == std::vector<double>{3 + 6 + 4, -2 + 30});
  CHECK(op->output_schema()->index_of("b") == 5);
}

TEST_CASE("a row without all of its inputs is not predicted") {
  auto op = make(test::weighted(3));
  const std::vector<double> out =
      run(*op,
          std::vector<Row>{{1, 1, false}, {kNan, 1, false}, {1, 0, false, 0, true}, {2, 1, false}});
  CHECK(out[0] == 3);
  CHECK(std::isnan(out[1]));
  CHECK(std::isnan(out[2]));
  CHECK(out[3] == 4);
  CHECK(run(*op, {}).empty());
}

TEST_CASE("windows are per key, oldest first, and start over after a gap") {
  auto op = make(test::weighted(1, 2), {"p"}, {0});
  const std::vector<Row> rows{{1, 0, false, 0},   {100, 0, false, 1},  {2, 0, false, 0},
                              {200, 0, false, 1}, {kNan, 0, false, 0}, {3, 0, false, 0},
                              {300, 0, false, 1}, {4, 0, false, 0}};
  const std::vector<double> out = run(*op, rows);
  CHECK(std::isnan(out[0]));
  CHECK(std::isnan(out[1]));
  CHECK(out[2] == 1 + 2 * 2);
  CHECK(out[3] == 100 + 2 * 200);
  CHECK(std::isnan(out[4]));
  CHECK(std::isnan(out[5]));  // the gap emptied key 0's window
  CHECK(out[6] == 200 + 2 * 300);
  CHECK(out[7] == 3 + 2 * 4);
}

TEST_CASE("cut anywhere, the outputs are the same bits") {
  const std::vector<Row> rows = random_rows(3000);
  for (const std::uint32_t window : {0U, 5U}) {
    auto whole_op = make(test::weighted(3, window));
    const std::vector<double> whole = run(*whole_op, rows);
    std::mt19937 random(3);
    for (const std::size_t most : {1U, 7U, 500U}) {
      auto op = make(test::weighted(3, window));
      std::vector<double> pieces;
      for (std::size_t at = 0; at < rows.size();) {
        const std::size_t n = std::min<std::size_t>(1 + random() % most, rows.size() - at);
        for (double x : run(*op, std::span(rows).subspan(at, n))) pieces.push_back(x);
        at += n;
      }
      CHECK(same_bits(pieces, whole));
    }
  }
}

TEST_CASE("restored anywhere, it goes on to the bit") {
  const std::vector<Row> rows = random_rows(400);
  for (const std::uint32_t window : {0U, 4U}) {
    auto op = make(test::weighted(3, window));
    for (const std::size_t cut : {0U, 1U, 57U, 399U}) {
      auto first = make(test::weighted(3, window));
      run(*first, std::span(rows).first(cut));
      base::ByteWriter writer;
      first->snapshot(writer);
      auto second = make(test::weighted(3, window));
      base::ByteReader reader(writer.bytes());
      REQUIRE(second->restore(reader));
      CHECK(same_bits(run(*second, std::span(rows).subspan(cut)),
                      run(*first, std::span(rows).subspan(cut))));
    }
  }
}

TEST_CASE("arguments that do not fit the model are refused with both numbers") {
  const auto message = [](model::PredictArgs args) {
    args.schema = schema();
    const auto made = model::make_predict_operator(std::move(args));
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  const auto predictor = test::weighted(2);
  const auto says = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(says(message({.predictor = predictor, .inputs = {0}, .outputs = {"p"}}),
             "takes 2 inputs, got 1"));
  CHECK(says(message({.predictor = predictor, .inputs = {0, 1}, .outputs = {"p", "q"}}),
             "gives 1 outputs a row, got 2"));
  CHECK(says(message({.predictor = predictor, .inputs = {0, 3}, .outputs = {"p"}}),
             "\"name\" is string"));
  CHECK(says(message({.predictor = predictor, .inputs = {0, 9}, .outputs = {"p"}}),
             "no column with index 9"));
  CHECK(says(message({.predictor = predictor, .inputs = {0, 1}, .outputs = {"price"}}),
             "is there already"));
  CHECK(says(message({.predictor = nullptr, .inputs = {0, 1}, .outputs = {"p"}}), "no model"));
}

TEST_CASE("a model that fails ends the stream with its words") {
  int calls = 0;
  auto predictor = model::Predictor::adopt(test::fake_table(
                                               [&](const float* in, std::size_t n, float* out,
                                                   std::size_t row, std::size_t k) {
                                                 if (in[0] == 666)
                                                   throw std::runtime_error("no such row");
                                                 ++calls;
                                                 test::weighted_sum(in, n, out, row, k);
                                               },
                                               3))
                       .value_or_throw();
  auto op = make(predictor);
  RecordBatch batch = batch_of(std::vector<Row>{{666, 1, true}});
  record::Rejects rejects;
  const base::Status status = op->process(batch, rejects);
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find("no such row") != std::string::npos);
}
