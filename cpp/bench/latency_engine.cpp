// Produce-to-callback latency of the engine with J2 on: the time from handing a record to the
// producer until the batch that holds its indicators has reached the frame.
//
//   latency_engine BOOTSTRAP TOPIC LINES_FILE PER_SECOND
//
// TOPIC is fresh with one partition; LINES_FILE has a line "key TAB value" per record.
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <headrace/pipeline/engine.hpp>
#include <headrace/source/kafka/kafka_source.hpp>

#include "latency_probe.hpp"

namespace {

using headrace::bench::LatencyProbe;
using namespace headrace;

constexpr const char* kJ2 = R"({
  "version": 1, "format": "json",
  "schema": {"event_time": "Date", "key": "Ticker", "fields": [
    {"name": "Date", "type": "timestamp", "path": ["Date"], "unit": "auto", "nullable": false},
    {"name": "Ticker", "type": "string", "path": ["Ticker"], "nullable": false},
    {"name": "Open", "type": "float64", "path": ["Open"], "nullable": false},
    {"name": "High", "type": "float64", "path": ["High"], "nullable": false},
    {"name": "Low", "type": "float64", "path": ["Low"], "nullable": false},
    {"name": "Close", "type": "float64", "path": ["Close"], "nullable": false},
    {"name": "Adj Close", "type": "float64", "path": ["Adj Close"], "nullable": false},
    {"name": "Volume", "type": "int64", "path": ["Volume"], "nullable": false}]},
  "steps": [{"op": "with_columns", "columns": [
    {"kind": "indicator", "indicator": "bbands", "inputs": ["Close"],
     "params": {"timeperiod": 20, "nbdevup": 2, "nbdevdn": 2},
     "outputs": ["bbands_upper", "bbands_middle", "bbands_lower"]},
    {"kind": "indicator", "indicator": "aroon", "inputs": ["High", "Low"],
     "params": {"timeperiod": 25}, "outputs": ["aroon_down", "aroon_up"]},
    {"kind": "indicator", "indicator": "rsi", "inputs": ["Close"],
     "params": {"timeperiod": 14}, "outputs": ["rsi"]}]}]})";

std::unique_ptr<pipeline::Engine> make_engine(const std::string& bootstrap,
                                              const std::string& topic, LatencyProbe& probe) {
  source::KafkaSourceConfig config;
  config.client.bootstrap = bootstrap;
  config.topics = {topic};
  std::vector<std::unique_ptr<source::Source>> sources;
  sources.push_back(source::make_kafka_source(std::move(config)).value_or_throw());
  const auto seen = [&probe](const record::BatchPtr& batch) {
    for (const std::int64_t offset : batch->offset_values()) probe.seen(offset);
  };
  return pipeline::Engine::create(pipeline::Plan::parse(kJ2).value_or_throw(), std::move(sources),
                                  {}, {}, seen)
      .value_or_throw();
}

void run(const std::string& bootstrap, const std::string& topic, const std::string& lines,
         int per_second) {
  constexpr auto kLimit = std::chrono::seconds(60);
  LatencyProbe probe(bootstrap, topic, bench::load_lines(lines), per_second);
  const auto engine = make_engine(bootstrap, topic, probe);
  engine->start().throw_if_error();
  std::thread producer([&probe] { probe.produce(); });
  const auto deadline = LatencyProbe::Clock::now() + kLimit;
  while (!probe.all_seen() && LatencyProbe::Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  producer.join();
  engine->stop();
  if (!probe.all_seen()) throw std::runtime_error("not every record came through in time");
  std::puts(probe.report().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: latency_engine BOOTSTRAP TOPIC LINES_FILE PER_SECOND\n", stderr);
    return 2;
  }
  try {
    run(argv[1], argv[2], argv[3], std::atoi(argv[4]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "latency_engine: %s\n", error.what());
    return 1;
  }
  return 0;
}
