// What librdkafka has to say, away from stderr: log lines go to a function, rate-limited.
//
// A broker that is down makes librdkafka repeat itself seventeen times a second; a LogGate lets a
// burst through and then a few lines a second, and says how many it held back. A LogBuffer keeps
// the newest lines until somebody (Python's logging) drains them.
//
// Thread contract: everything here may be called from any thread.
// Cost: one mutex a log line.
//
//   auto buffer = std::make_shared<LogBuffer>();
//   config.client.log = buffer->sink();
//   for (const LogLine& line : buffer->drain()) print(line.message);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::source {

// syslog levels: 3 error, 4 warning, 5 notice, 6 info, 7 debug.
struct LogLine {
  int level = 6;
  std::string facility;  // librdkafka's short name of the place: FAIL, BRKMAIN, ...
  std::string message;   // control characters escaped
};

// Called from librdkafka's own threads: must not block, throw or call back into the client.
using LogSink = std::function<void(const LogLine&)>;

// Passes at most kBurst lines at once and kPerSecond over time to its sink.
class LogGate {
 public:
  static constexpr double kBurst = 50;
  static constexpr double kPerSecond = 5;

  explicit LogGate(LogSink sink) : sink_(std::move(sink)) {}
  void line(int level, std::string_view facility, std::string_view message) noexcept;

 private:
  LogSink sink_;
  std::mutex mutex_;
  double tokens_ = kBurst;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::uint64_t suppressed_ = 0;
};

class LogBuffer : public std::enable_shared_from_this<LogBuffer> {
 public:
  static constexpr std::size_t kLines = 1000;  // older ones are dropped

  void push(const LogLine& line);
  [[nodiscard]] std::vector<LogLine> drain();
  [[nodiscard]] LogSink sink();  // keeps this buffer alive

 private:
  std::mutex mutex_;
  std::deque<LogLine> lines_;
};

// `text` with control characters as \xNN, so that a log line stays one line.
[[nodiscard]] std::string escape_controls(std::string_view text);

}  // namespace headrace::source
