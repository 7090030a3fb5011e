#include <headrace/pipeline/delivery.hpp>

#include <utility>

#include <headrace/pipeline/thread_setup.hpp>

namespace headrace::pipeline {
namespace {

std::size_t rows_of(const sink::Output& output) {
  return (output.rows ? output.rows->rows() : 0) + (output.rejects ? output.rejects->size() : 0);
}

}  // namespace

Delivery::Delivery(std::shared_ptr<sink::TransactionLog> log, sink::Committer::IsOurs is_ours,
                   Lifecycle& life, std::function<void()> opened)
    : log_(std::move(log)),
      life_(life),
      opened_(std::move(opened)),
      committer_(*log_, std::move(is_ours), [this](std::string text) { say(std::move(text)); }) {}

Delivery::~Delivery() {
  cancel();
  join();
}

void Delivery::start() {
  thread_ = start_thread("headrace-out", life_, [this] {
    run_guarded(life_, [this] { work(); });
    const std::lock_guard lock(mutex_);
    over_ = true;
    items_.clear();
    changed_.notify_all();
  });
}

void Delivery::finish() {
  const std::lock_guard lock(mutex_);
  finishing_ = true;
  changed_.notify_all();
}

void Delivery::cancel() noexcept {
  cancelled_.store(true);
  log_->cancel();
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void Delivery::join() {
  finish();
  if (thread_.joinable()) thread_.join();
}

base::Status Delivery::push(sink::Output output) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return rows_ < kMostRows || over_ || cancelled_; });
  if (over_ || cancelled_) {
    return base::Error{.code = base::ErrorCode::kCancelled, .message = "the stream is stopping"};
  }
  rows_ += rows_of(output);
  items_.emplace_back(std::move(output));
  changed_.notify_all();
  return {};
}

void Delivery::assigned(const sink::Partition& partition, const sink::Origin& origin,
                        sink::Mark mark) {
  put(Assigned{.partition = partition, .origin = origin, .mark = std::move(mark)});
}

void Delivery::cut(Cut cut) { put(Marker{.cut = std::move(cut), .since = Clock::now()}); }

void Delivery::put(Item item) {
  const std::lock_guard lock(mutex_);
  if (over_) return;
  items_.push_back(std::move(item));
  changed_.notify_all();
}

Delivery::Status Delivery::status() const {
  std::unique_lock lock(mutex_);
  Status status = status_;
  lock.unlock();
  if (status.message.empty()) status.message = log_->trouble();
  return status;
}

void Delivery::work() {
  base::Status status = committer_.start();
  if (status) opened_();
  Item item;
  while (status && next(item)) status = handle(item);
  if (!status && status.error().code != base::ErrorCode::kCancelled) life_.fail(status.error());
}

bool Delivery::next(Item& item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !items_.empty() || finishing_ || cancelled_; });
  if (items_.empty() || cancelled_) return false;
  item = std::move(items_.front());
  items_.pop_front();
  if (const auto* output = std::get_if<sink::Output>(&item)) {
    rows_ -= rows_of(*output);
    changed_.notify_all();
  }
  return true;
}

base::Status Delivery::handle(Item& item) {
  if (auto* output = std::get_if<sink::Output>(&item)) return committer_.write(std::move(*output));
  if (auto* assigned = std::get_if<Assigned>(&item)) {
    committer_.assigned(assigned->partition, assigned->origin, std::move(assigned->mark));
    return {};
  }
  Marker& marker = std::get<Marker>(item);
  base::Status status = committer_.commit(std::move(marker.cut.positions));
  if (!status) return status;
  {
    const std::lock_guard lock(mutex_);
    ++status_.commits;
    status_.commit_seconds = std::chrono::duration<double>(Clock::now() - marker.since).count();
    status_.renewals = committer_.renewals();
  }
  if (marker.cut.done) marker.cut.done();
  return {};
}

void Delivery::say(std::string message) {
  const std::lock_guard lock(mutex_);
  status_.message = std::move(message);
}

}  // namespace headrace::pipeline
