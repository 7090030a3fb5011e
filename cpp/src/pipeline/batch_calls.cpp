#include <headrace/pipeline/batch_calls.hpp>

#include <algorithm>
#include <utility>

#include <headrace/pipeline/batch_frame.hpp>

namespace headrace::pipeline {

BatchCalls::Answer BatchCalls::call(const record::BatchPtr& batch) {
  std::unique_lock lock(mutex_);
  const std::uint64_t id = next_id_++;
  open_.emplace(id, std::nullopt);
  waiting_.push_back({.id = id, .batch = batch});
  laid_down_.notify_one();
  const auto there = [&] { return open_.at(id).has_value(); };
  while (!there() && !over(Clock::now())) {
    if (const std::optional<Clock::time_point> deadline = deadline_) {
      answered_.wait_until(lock, *deadline);
    } else {
      answered_.wait(lock);
    }
  }
  Answer answer = there() ? std::move(*open_.at(id))
                          : Answer(base::Error{.code = base::ErrorCode::kCancelled,
                                               .message = "the stream stopped meanwhile"});
  forget(id);
  return answer;
}

void BatchCalls::give_up_at(Clock::time_point deadline) noexcept {
  {
    const std::lock_guard lock(mutex_);
    deadline_ = deadline_ ? std::min(*deadline_, deadline) : deadline;
  }
  answered_.notify_all();
}

std::optional<BatchCalls::Call> BatchCalls::take(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  laid_down_.wait_for(lock, timeout, [&] { return closed_ || !waiting_.empty(); });
  if (closed_ || waiting_.empty()) return std::nullopt;
  const Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  ++taken_;
  lock.unlock();
  return Call{.id = next.id, .frame = frame_of(*next.batch)};
}

void BatchCalls::answer(std::uint64_t id, Answer answer) {
  {
    const std::lock_guard lock(mutex_);
    --taken_;
    const auto at = open_.find(id);
    if (at == open_.end()) return;
    at->second.emplace(std::move(answer));
  }
  answered_.notify_all();
}

void BatchCalls::close() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  laid_down_.notify_all();
  answered_.notify_all();
}

bool BatchCalls::closed() const noexcept {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool BatchCalls::busy() const noexcept {
  const std::lock_guard lock(mutex_);
  return taken_ > 0;
}

bool BatchCalls::over(Clock::time_point now) const noexcept {
  return closed_ || (deadline_ && now >= *deadline_);
}

void BatchCalls::forget(std::uint64_t id) noexcept {
  open_.erase(id);
  std::erase_if(waiting_, [id](const Waiting& call) { return call.id == id; });
}

}  // namespace headrace::pipeline
