// Produces records at a steady rate and notes, per record, when it was sent and when it was seen.
//
// The topic is fresh with one partition, so the offset of a record is its number: nothing has to be
// written into the payload. A record that is not yet due is never sent; one that is late is sent at
// once and counted from then, the same for everyone who is measured.
//
// Thread contract: produce() on a thread of its own; seen() by one other thread.
// Cost: two clock reads a record.
//
//   LatencyProbe probe(bootstrap, topic, load_lines(path), 10'000);
//   std::thread producer([&] { probe.produce(); });
//   probe.seen(offset);          // in the consumer, per record
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bare_kafka.hpp"

namespace headrace::bench {

// Lines of "key TAB value".
inline std::vector<std::string> load_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.empty()) throw std::runtime_error("no lines in " + path);
  return lines;
}

class LatencyProbe {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kWarmUp = 5'000;  // connections, page faults, first assignment

  LatencyProbe(const std::string& bootstrap, std::string topic, std::vector<std::string> lines,
               int per_second)
      : topic_(std::move(topic)),
        lines_(std::move(lines)),
        interval_(std::chrono::nanoseconds(1'000'000'000 / per_second)),
        sent_(lines_.size()),
        seen_(lines_.size()),
        producer_(make_handle(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap},
                                                  {"linger.ms", "0"},
                                                  // few in flight: a broker that fell behind then
                                                  // gets bigger batches instead of a longer queue
                                                  {"max.in.flight.requests.per.connection", "5"},
                                                  {"acks", "1"}})) {
    partition_count(producer_.get(), topic_);  // else the first records wait for the metadata
  }

  [[nodiscard]] std::size_t count() const noexcept { return lines_.size(); }
  [[nodiscard]] bool all_seen() const noexcept { return seen_count_.load() == count(); }

  // Sends every line; returns when the broker has them all.
  void produce() {
    constexpr int kFlushMs = 10'000;
    rd_kafka_topic_t* topic = rd_kafka_topic_new(producer_.get(), topic_.c_str(), nullptr);
    const Clock::time_point start = Clock::now();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      std::this_thread::sleep_until(start + interval_ * static_cast<std::int64_t>(i));
      send(topic, i);
      if (i % 64 == 0) rd_kafka_poll(producer_.get(), 0);
    }
    rd_kafka_flush(producer_.get(), kFlushMs);
    rd_kafka_topic_destroy(topic);
  }

  void seen(std::int64_t offset) {
    seen_.at(static_cast<std::size_t>(offset)) = Clock::now();
    seen_count_.fetch_add(1, std::memory_order_release);
  }

  // One JSON line: percentiles in microseconds over the records after the warm-up.
  [[nodiscard]] std::string report() const {
    std::vector<double> us;
    for (std::size_t i = kWarmUp; i < count(); ++i) {
      us.push_back(std::chrono::duration<double, std::micro>(seen_[i] - sent_[i]).count());
    }
    if (us.empty()) throw std::runtime_error("fewer lines than the warm-up takes");
    std::sort(us.begin(), us.end());
    const auto at = [&us](double q) {
      return us[static_cast<std::size_t>(q * static_cast<double>(us.size() - 1))];
    };
    char line[256];
    std::snprintf(line, sizeof line,
                  R"({"records": %zu, "extra": {"p50_us": %.1f, "p90_us": %.1f, "p99_us": %.1f, )"
                  R"("p999_us": %.1f, "max_us": %.1f}})",
                  us.size(), at(0.50), at(0.90), at(0.99), at(0.999), us.back());
    return line;
  }

 private:
  void send(rd_kafka_topic_t* topic, std::size_t i) {
    const std::string& line = lines_[i];
    const std::size_t tab = line.find('\t');
    std::string value = line.substr(tab + 1);
    sent_[i] = Clock::now();
    if (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), line.data(),
                         tab, nullptr) != 0) {
      throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
    }
  }

  std::string topic_;
  std::vector<std::string> lines_;
  std::chrono::nanoseconds interval_;
  std::vector<Clock::time_point> sent_;
  std::vector<Clock::time_point> seen_;
  std::atomic<std::size_t> seen_count_{0};
  Handle producer_;
};

}  // namespace headrace::bench
