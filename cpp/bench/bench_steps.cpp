// Nanoseconds a row of the steps that look at every record: the two rules of DESIGN section 2, some
// expressions, filter, and nanoseconds a value of the digest. One JSON line a figure: the median of
// the rounds.
//
//   bench_steps [rounds]
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/ops/filter_operator.hpp>
#include <headrace/ops/validate_operator.hpp>
#include <headrace/pipeline/digest.hpp>

using namespace headrace;
using record::DType;

namespace {

constexpr std::size_t kBatchRows = 4096;  // as the decoder makes them
constexpr std::size_t kBatches = 200;     // 40 MB: each batch comes from beyond the caches

record::SchemaPtr bars_schema() {
  return std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "Date", .type = DType::kTimestamp},
                                 {.name = "Ticker", .type = DType::kString},
                                 {.name = "High", .type = DType::kFloat64},
                                 {.name = "Low", .type = DType::kFloat64},
                                 {.name = "Close", .type = DType::kFloat64},
                                 {.name = "Volume", .type = DType::kInt64}},
      "Date", "Ticker");
}

// Good records of 100 tickers in turn.
std::vector<record::RecordBatch> market(const record::SchemaPtr& schema) {
  std::mt19937_64 random(42);
  auto words = std::make_shared<record::Dictionary>();
  for (int i = 0; i < 100; ++i) (void)words->intern("T" + std::to_string(i));
  std::vector<record::RecordBatch> batches;
  for (std::size_t b = 0; b < kBatches; ++b) {
    std::vector<record::Column> c;
    for (const record::Field& field : schema->fields()) {
      c.push_back(record::Column::make(field.type, kBatchRows));
    }
    c[1].dictionary = words;
    record::BufferPtr ids = record::Buffer::allocate(kBatchRows * sizeof(std::uint32_t));
    for (std::size_t i = 0; i < kBatchRows; ++i) {
      const double price = 100.0 + static_cast<double>(random() % 10000) * 0.01;
      const auto key = static_cast<std::uint32_t>((b * kBatchRows + i) % 100);
      c[0].mutable_values<std::int64_t>()[i] = static_cast<std::int64_t>(b * kBatchRows + i);
      c[1].mutable_values<std::int32_t>()[i] = static_cast<std::int32_t>(key);
      c[2].mutable_values<double>()[i] = price + 1.0;
      c[3].mutable_values<double>()[i] = price - 1.0;
      c[4].mutable_values<double>()[i] = price;
      c[5].mutable_values<std::int64_t>()[i] = static_cast<std::int64_t>(random() % 1000000);
      ids->as<std::uint32_t>()[i] = key;
    }
    batches.emplace_back(schema, kBatchRows, std::move(c));
    batches.back().key_ids = std::move(ids);
    batches.back().key_count = 100;
  }
  return batches;
}

validate::Expression tree(std::string_view json) {
  return validate::parse_expression(json).value_or_throw();
}

// The thread's own time: nothing here waits, so a busy machine does not show.
double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

using Work = std::function<void(const record::RecordBatch&)>;

// `per_row`: units of work in a row.
void measure(const char* name, const std::vector<record::RecordBatch>& batches, int rounds,
             double per_row, const Work& work) {
  std::vector<double> figures;
  for (int round = 0; round <= rounds; ++round) {  // the first one warms up
    const double start = cpu_ns();
    for (const record::RecordBatch& batch : batches) work(batch);
    const double spent = cpu_ns() - start;
    if (round > 0) figures.push_back(spent / (kBatches * kBatchRows * per_row));
  }
  std::sort(figures.begin(), figures.end());
  std::printf("{\"name\": \"%s\", \"value\": %.3f, \"unit\": \"ns\"}\n", name,
              figures[figures.size() / 2]);
}

Work running(ops::OperatorPtr op) {
  return [op = std::shared_ptr<ops::Operator>(std::move(op))](const record::RecordBatch& batch) {
    record::RecordBatch copy = batch;  // shares the columns' memory
    record::Rejects rejects;
    op->process(copy, rejects).throw_if_error();
  };
}

Work evaluating(const record::Schema& schema, std::string_view json) {
  auto made = std::make_shared<validate::CompiledExpression>(
      validate::CompiledExpression::compile(tree(json), schema).value_or_throw());
  return [made](const record::RecordBatch& batch) { (void)made->evaluate(batch); };
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 11;
  const record::SchemaPtr schema = bars_schema();
  const std::vector<record::RecordBatch> batches = market(schema);
  const char* const high_low = R"({"fn":">=","args":[{"col":"High"},{"col":"Low"}]})";
  const char* const volume = R"({"fn":">=","args":[{"col":"Volume"},0]})";

  measure("validate, 2 rules, a row", batches, rounds, 1,
          running(ops::make_validate_operator(
                      {.schema = schema,
                       .rules = {{"High >= Low", tree(high_low)}, {"Volume >= 0", tree(volume)}},
                       .on_reject = ops::OnReject::kDeadLetter})
                      .value_or_throw()));
  measure("filter, half of the rows, a row", batches, rounds, 1,
          running(ops::make_filter_operator(schema,
                                            tree(R"({"fn":">=","args":[{"col":"Volume"},500000]})"))
                      .value_or_throw()));
  measure("(High + Low) / 2, a row", batches, rounds, 1,
          evaluating(*schema,
                     R"({"fn":"/","args":[{"fn":"+","args":[{"col":"High"},{"col":"Low"}]},2]})"));
  measure("Volume * 2, a row", batches, rounds, 1,
          evaluating(*schema, R"({"fn":"*","args":[{"col":"Volume"},2]})"));
  measure("Ticker == T7, a row", batches, rounds, 1,
          evaluating(*schema, R"({"fn":"==","args":[{"col":"Ticker"},{"lit":"T7"}]})"));
  measure("Close - shift(Close, 1), a row", batches, rounds, 1,
          evaluating(*schema, R"({"fn":"-","args":[{"col":"Close"},
                                   {"fn":"shift","args":[{"col":"Close"},1]}]})"));
  pipeline::Digest digest;
  measure("digest, a value", batches, rounds, static_cast<double>(schema->size()),
          [&digest](const record::RecordBatch& batch) { digest.update(batch); });
  return digest.rows() == 0 ? 1 : 0;
}
