// Nanoseconds a row of every registered indicator, with one key and with 100 keys interleaved, and
// of the three that job J2 computes. One JSON line a figure: the median of the rounds.
//
//   bench_ops [rows] [rounds]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/registry.hpp>

using namespace headrace;

namespace {

constexpr std::size_t kBatchRows = 4096;  // as the decoder makes them

record::SchemaPtr input_schema() {
  std::vector<record::Field> fields;
  for (const char* name : {"high", "low", "real", "volume"}) fields.push_back({.name = name});
  return std::make_shared<const record::Schema>(std::move(fields));
}

// Random walks, one a key, keys in turn.
std::vector<record::RecordBatch> market(std::size_t rows, std::uint32_t keys) {
  std::mt19937_64 random(42);
  std::normal_distribution<double> step(0, 0.001);
  std::vector<double> prices(keys, 100.0);
  std::vector<record::RecordBatch> batches;
  const record::SchemaPtr schema = input_schema();
  for (std::size_t done = 0; done < rows; done += kBatchRows) {
    const std::size_t n = std::min(kBatchRows, rows - done);
    std::vector<record::Column> columns;
    for (int c = 0; c < 4; ++c) columns.push_back(record::Column::make(record::DType::kFloat64, n));
    record::BufferPtr ids = record::Buffer::allocate(n * sizeof(std::uint32_t));
    for (std::size_t row = 0; row < n; ++row) {
      const auto key = static_cast<std::uint32_t>((done + row) % keys);
      double& price = prices[key];
      price *= 1.0 + step(random);
      ids->as<std::uint32_t>()[row] = key;
      columns[0].mutable_values<double>()[row] = price * 1.001;
      columns[1].mutable_values<double>()[row] = price * 0.999;
      columns[2].mutable_values<double>()[row] = price;
      columns[3].mutable_values<double>()[row] = static_cast<double>(random() % 100000);
    }
    record::RecordBatch batch(schema, n, std::move(columns));
    if (keys > 1) batch.key_ids = std::move(ids);
    batch.key_count = keys;
    batches.push_back(std::move(batch));
  }
  return batches;
}

ops::OperatorPtr make(const std::string& name, std::vector<double> params) {
  const ops::IndicatorInfo& info = *ops::find_indicator(name);
  const record::SchemaPtr schema = input_schema();
  ops::IndicatorArgs args{.schema = schema};
  for (const std::string& role : info.inputs) {
    args.inputs.push_back(schema->index_of(role == "close" ? "real" : role));
  }
  for (const ops::ParamInfo& param : info.params) args.params.push_back(param.default_value);
  std::copy(params.begin(), params.end(), args.params.begin());
  for (const std::string& suffix : info.outputs) args.outputs.push_back(name + "_" + suffix);
  return info.make(std::move(args)).value_or_throw();
}

// Each operator sees every batch as the source made it; the copy shares the columns' memory.
double run_once(const std::vector<record::RecordBatch>& batches,
                const std::vector<std::pair<std::string, std::vector<double>>>& indicators) {
  std::vector<ops::OperatorPtr> operators;
  for (const auto& [name, params] : indicators) operators.push_back(make(name, params));
  record::Rejects rejects;
  std::size_t rows = 0;
  const auto start = std::chrono::steady_clock::now();
  for (const record::RecordBatch& batch : batches) {
    for (const ops::OperatorPtr& op : operators) {
      record::RecordBatch copy = batch;
      op->process(copy, rejects).throw_if_error();
    }
    rows += batch.rows();
  }
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  return spent.count() / static_cast<double>(rows);
}

void report(const std::string& name, const std::vector<record::RecordBatch>& batches, int rounds,
            const std::vector<std::pair<std::string, std::vector<double>>>& indicators) {
  std::vector<double> figures;
  for (int round = 0; round < rounds; ++round) figures.push_back(run_once(batches, indicators));
  std::ranges::sort(figures);
  std::printf(R"({"name": "%s", "value": %.2f, "unit": "ns/row"})"
              "\n",
              name.c_str(), figures[figures.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  for (const std::uint32_t keys : {1U, 100U}) {
    const std::vector<record::RecordBatch> batches = market(rows, keys);
    const std::string with = ".keys" + std::to_string(keys);
    for (const ops::IndicatorInfo& info : ops::indicators()) {
      report("ops." + info.name + with, batches, rounds, {{info.name, {}}});
    }
    report("ops.sma200" + with, batches, rounds, {{"sma", {200}}});
    report("ops.aroon25" + with, batches, rounds, {{"aroon", {25}}});
    report("ops.j2" + with, batches, rounds, {{"bbands", {20}}, {"rsi", {14}}, {"aroon", {25}}});
  }
  return 0;
}
