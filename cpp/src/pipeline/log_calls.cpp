#include <headrace/pipeline/log_calls.hpp>

#include <utility>

namespace headrace::pipeline {
namespace {

using std::chrono::milliseconds;

// A commit that takes longer is worth a word.
constexpr std::chrono::seconds kLong{5};
constexpr milliseconds kRest{200};

base::Error stopping() {
  return {.code = base::ErrorCode::kCancelled, .message = "the stream is stopping"};
}

}  // namespace

std::optional<Frame> rows_of(std::span<const sink::Output> outputs) {
  std::size_t rows = 0;
  record::SchemaPtr schema;
  for (const sink::Output& output : outputs) {
    if (!output.rows) continue;
    rows += output.rows->rows();
    schema = output.rows->schema();
  }
  if (rows == 0) return std::nullopt;
  FrameStore all(schema, rows);
  for (const sink::Output& output : outputs) {
    if (output.rows) all.append(output.rows);
  }
  return all.frame(rows);
}

base::Status LogCalls::init() {
  const Answer opened = ask({.kind = Kind::kOpen});
  return opened ? base::Status() : base::Status(opened.error());
}

base::Status LogCalls::begin() {
  outputs_.clear();
  positions_.clear();
  return {};
}

base::Status LogCalls::write(const sink::Output& output) {
  outputs_.push_back(output);
  return {};
}

base::Status LogCalls::flush() { return {}; }

base::Result<std::string> LogCalls::membership() { return std::string(); }

base::Status LogCalls::send_positions(const std::string& /*membership*/,
                                      std::span<const sink::Position> positions) {
  positions_.assign(positions.begin(), positions.end());
  return {};
}

base::Status LogCalls::commit() {
  const Answer done = ask({.kind = Kind::kCommit,
                           .positions = std::exchange(positions_, {}),
                           .outputs = std::exchange(outputs_, {})});
  return done ? base::Status() : base::Status(done.error());
}

base::Result<std::vector<sink::Mark>> LogCalls::committed(
    std::span<const sink::Partition> partitions) {
  if (partitions.empty()) return std::vector<sink::Mark>{};
  Answer marks =
      ask({.kind = Kind::kCommitted, .partitions = {partitions.begin(), partitions.end()}});
  if (marks && marks->size() != partitions.size()) {
    return base::Error{.code = base::ErrorCode::kInternal,
                       .message = name_ + ": " + std::to_string(marks->size()) + " positions for " +
                                  std::to_string(partitions.size()) + " partitions"};
  }
  return marks;
}

void LogCalls::renew() noexcept {
  outputs_.clear();
  positions_.clear();
}

base::Status LogCalls::rest(milliseconds time) {
  std::unique_lock lock(mutex_);
  if (answered_.wait_for(lock, time, [this] { return over(); })) return stopping();
  return {};
}

std::string LogCalls::trouble() const {
  const std::lock_guard lock(mutex_);
  if (open_.empty()) return {};
  const auto time = Clock::now() - open_.begin()->second.since;
  if (time < kLong) return {};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  return "no answer from " + name_ + " for " + std::to_string(seconds) + " s";
}

void LogCalls::cancel() noexcept {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  answered_.notify_all();
}

base::Result<sink::Mark> LogCalls::mark_of(const sink::Partition& partition) {
  for (;;) {
    base::Result<std::vector<sink::Mark>> marks = committed({&partition, 1});
    if (marks) return std::move(marks->front());
    if (!marks.error().retriable) return marks.error();
    if (base::Status rested = rest(kRest); !rested) return rested.error();
  }
}

std::optional<LogCalls::Call> LogCalls::take(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  laid_down_.wait_for(lock, timeout, [this] { return closed_ || !waiting_.empty(); });
  if (closed_ || waiting_.empty()) return std::nullopt;
  Call call = std::move(waiting_.front());
  waiting_.pop_front();
  ++taken_;
  return call;
}

void LogCalls::answer(std::uint64_t id, Answer answer) {
  {
    const std::lock_guard lock(mutex_);
    --taken_;
    const auto at = open_.find(id);
    if (at == open_.end()) return;
    at->second.answer.emplace(std::move(answer));
  }
  answered_.notify_all();
}

void LogCalls::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  laid_down_.notify_all();
  answered_.notify_all();
}

bool LogCalls::closed() const noexcept {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool LogCalls::busy() const noexcept {
  const std::lock_guard lock(mutex_);
  return taken_ > 0;
}

LogCalls::Answer LogCalls::ask(Call call) {
  std::unique_lock lock(mutex_);
  const std::uint64_t id = call.id = next_id_++;
  open_.emplace(id, Open{.since = Clock::now(), .answer = {}});
  waiting_.push_back(std::move(call));
  laid_down_.notify_one();
  const auto there = [&] { return open_.at(id).answer.has_value(); };
  answered_.wait(lock, [&] { return there() || over(); });
  Answer answer = there() ? std::move(*open_.at(id).answer) : Answer(stopping());
  open_.erase(id);
  // What nobody has taken yet is never done.
  std::erase_if(waiting_, [id](const Call& waiting) { return waiting.id == id; });
  return answer;
}

}  // namespace headrace::pipeline
