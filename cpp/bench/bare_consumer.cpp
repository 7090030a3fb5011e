// The bare loop that every end-to-end figure is measured against: librdkafka hands over the records
// of a topic and nothing is done with their bytes.
//
//   bare_consumer BOOTSTRAP TOPIC [BATCH] [key=value ...]
//
// prints one JSON line: records, seconds from client creation to the last record, CPU seconds, peak
// memory. BATCH is the most messages taken at once.
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "bare_kafka.hpp"
#include "usage.hpp"

namespace {

using namespace headrace::bench;

constexpr std::size_t kBatch = 4'096;
constexpr int kIdleMs = 10'000;

std::int64_t drain(rd_kafka_t* handle, std::int64_t records, std::size_t batch) {
  const Queue queue(rd_kafka_queue_get_consumer(handle));
  std::vector<rd_kafka_message_t*> messages(batch);
  std::int64_t seen = 0;
  std::int64_t bytes = 0;
  while (seen < records) {
    // A batch call with a timeout waits until the batch is full: wait for one, then take what is
    // there.
    ssize_t n = rd_kafka_consume_batch_queue(queue.get(), kIdleMs, messages.data(), 1);
    if (n <= 0) throw std::runtime_error("no record within 10 s");
    n += rd_kafka_consume_batch_queue(queue.get(), 0, messages.data() + 1, batch - 1);
    for (ssize_t i = 0; i < n; ++i) {
      rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
      check(message->err, "record");
      bytes += static_cast<std::int64_t>(message->len);
      rd_kafka_message_destroy(message);
    }
    seen += n;
  }
  if (bytes == 0) throw std::runtime_error("records without bytes");
  return seen;
}

void run(const std::string& bootstrap, const std::string& topic, std::size_t batch,
         const Config& extra) {
  const Usage start = usage();
  const Handle handle = make_consumer(bootstrap, extra);
  const std::int64_t seen = drain(handle.get(), assign_all(handle.get(), topic), batch);
  std::puts(report(seen, start).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: bare_consumer BOOTSTRAP TOPIC [BATCH] [key=value ...]\n", stderr);
    return 2;
  }
  std::size_t batch = kBatch;
  Config extra;
  for (int i = 3; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      batch = static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10));
    } else {
      extra[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  try {
    run(argv[1], argv[2], batch, extra);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bare_consumer: %s\n", error.what());
    return 1;
  }
  return 0;
}
