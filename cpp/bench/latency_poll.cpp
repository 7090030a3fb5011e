// Produce-to-consume latency of plain librdkafka: rd_kafka_consumer_poll, one record at a time.
//
//   latency_poll BOOTSTRAP TOPIC LINES_FILE PER_SECOND
//
// TOPIC is fresh with one partition; LINES_FILE has a line "key TAB value" per record.
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>

#include "latency_probe.hpp"

namespace {

using namespace headrace::bench;

void consume(rd_kafka_t* handle, LatencyProbe& probe) {
  constexpr int kIdleMs = 10'000;
  while (!probe.all_seen()) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(handle, kIdleMs);
    if (message == nullptr) throw std::runtime_error("no record within 10 s");
    check(message->err, "record");
    probe.seen(message->offset);
    rd_kafka_message_destroy(message);
  }
}

void run(const std::string& bootstrap, const std::string& topic, const std::string& lines,
         int per_second) {
  LatencyProbe probe(bootstrap, topic, load_lines(lines), per_second);
  const Handle handle = make_consumer(bootstrap, {});
  assign_all(handle.get(), topic);
  std::thread producer([&probe] { probe.produce(); });
  try {
    consume(handle.get(), probe);
  } catch (...) {
    producer.join();
    throw;
  }
  producer.join();
  std::puts(probe.report().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: latency_poll BOOTSTRAP TOPIC LINES_FILE PER_SECOND\n", stderr);
    return 2;
  }
  try {
    run(argv[1], argv[2], argv[3], std::atoi(argv[4]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "latency_poll: %s\n", error.what());
    return 1;
  }
  return 0;
}
