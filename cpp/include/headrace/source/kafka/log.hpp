// What librdkafka has to say, away from stderr: log lines go to a function, rate-limited.
//
// A broker that is down makes librdkafka repeat itself seventeen times a second. What a user needs
// to know of that we say ourselves, once when it goes and once when it is back; librdkafka's own
// lines are for whoever looks for a cause, and never more than information. A LogGate passes what
// the level asks for, lets a burst through and then some lines a second, and says how many it held
// back. A LogBuffer keeps the newest lines until somebody (Python's logging) drains them.
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

inline constexpr int kLogError = 3;
inline constexpr int kLogWarning = 4;
inline constexpr int kLogInfo = 6;
inline constexpr int kLogDebug = 7;

// Passes lines up to its level to its sink: at most kBurst at once and kPerSecond over time, or ten
// times that at kLogDebug.
class LogGate {
 public:
  static constexpr double kBurst = 50;
  static constexpr double kPerSecond = 5;

  explicit LogGate(LogSink sink, int level = kLogInfo)
      : sink_(std::move(sink)), level_(level), tokens_(generosity() * kBurst) {}
  // A line of librdkafka: without the thread's name, and as information where it calls itself more,
  // unless it is about a fatal error.
  void line(int level, std::string_view facility, std::string_view message) noexcept;
  // A line of ours.
  void own(int level, std::string_view message) noexcept;

 private:
  [[nodiscard]] double generosity() const noexcept { return level_ >= kLogDebug ? 10 : 1; }
  void pass(int level, std::string_view facility, std::string_view message) noexcept;

  LogSink sink_;
  const int level_;
  std::mutex mutex_;
  double tokens_;
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

// A line of librdkafka without the name of its thread; borrowed from `message`.
[[nodiscard]] std::string_view without_thread(std::string_view message) noexcept;

// `text` with control characters as \xNN, so that a log line stays one line.
[[nodiscard]] std::string escape_controls(std::string_view text);

}  // namespace headrace::source
