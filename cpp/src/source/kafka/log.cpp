#include <headrace/source/kafka/log.hpp>

#include <algorithm>
#include <iterator>

namespace headrace::source {

std::string escape_controls(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 0xfU];
    }
  }
  return out;
}

std::string_view without_thread(std::string_view message) noexcept {
  if (!message.starts_with("[thrd:")) return message;
  const std::size_t end = message.find("]: ");
  return end == std::string_view::npos ? message : message.substr(end + 3);
}

void LogGate::line(int level, std::string_view facility, std::string_view message) noexcept {
  const int ours = facility == "FATAL" ? level : std::max(level, kLogInfo);
  pass(ours, facility, without_thread(message));
}

void LogGate::own(int level, std::string_view message) noexcept {
  pass(level, "connection", message);
}

void LogGate::pass(int level, std::string_view facility, std::string_view message) noexcept {
  if (!sink_ || level > level_) return;
  try {
    std::uint64_t held_back = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto now = std::chrono::steady_clock::now();
      tokens_ += generosity() * kPerSecond * std::chrono::duration<double>(now - last_).count();
      tokens_ = std::min(tokens_, generosity() * kBurst);
      last_ = now;
      if (tokens_ < 1) {
        ++suppressed_;
        return;
      }
      tokens_ -= 1;
      held_back = suppressed_;
      suppressed_ = 0;
    }
    if (held_back != 0) {
      sink_({.level = 5,
             .facility = "GATE",
             .message = std::to_string(held_back) + " lines were held back"});
    }
    sink_({.level = level,
           .facility = escape_controls(facility),
           .message = escape_controls(message)});
  } catch (...) {  // NOLINT: a log line is not worth a terminate on librdkafka's thread
  }
}

void LogBuffer::push(const LogLine& line) {
  const std::lock_guard lock(mutex_);
  if (lines_.size() == kLines) lines_.pop_front();
  lines_.push_back(line);
}

std::vector<LogLine> LogBuffer::drain() {
  const std::lock_guard lock(mutex_);
  std::vector<LogLine> out(std::make_move_iterator(lines_.begin()),
                           std::make_move_iterator(lines_.end()));
  lines_.clear();
  return out;
}

LogSink LogBuffer::sink() {
  return [self = shared_from_this()](const LogLine& line) { self->push(line); };
}

}  // namespace headrace::source
