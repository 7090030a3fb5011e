#include <headrace/pipeline/outlet.hpp>

#include <utility>

namespace headrace::pipeline {

Outlet::Outlet(record::SchemaPtr schema, const EngineOptions& options,
               std::vector<std::shared_ptr<sink::Sink>> sinks, Engine::BatchListener on_batch)
    : sinks_(std::move(sinks)),
      on_batch_(std::move(on_batch)),
      frames_(schema, options.history_rows),
      rejects_(options.rejects_kept) {
  if (options.collect) collector_.emplace(schema, options.expected_rows);
}

base::Status Outlet::deliver(const record::BatchPtr& batch) {
  {
    const std::lock_guard lock(writing_);
    if (collector_) {
      collector_->append(batch);
    } else {
      frames_.append(batch);
    }
    announce(batch->rows());
  }
  if (on_batch_) on_batch_(batch);
  for (const auto& sink : sinks_) {
    if (base::Status status = sink->write(batch); !status) return status;
  }
  if (delivery_ == nullptr) return {};
  return delivery_->push({.origin = {.task = batch->task, .epoch = batch->epoch}, .rows = batch});
}

base::Status Outlet::deliver_rejects(record::Rejects rejects, const sink::Origin& origin) {
  if (rejects.empty()) return {};
  for (const auto& sink : sinks_) {
    if (base::Status status = sink->write_rejects(rejects); !status) return status;
  }
  if (delivery_ != nullptr) {
    auto shared = std::make_shared<const record::Rejects>(rejects);
    base::Status status = delivery_->push({.origin = origin, .rejects = std::move(shared)});
    if (!status) return status;
  }
  rejects_.add(std::move(rejects));
  return {};
}

base::Result<bool> Outlet::flush(std::chrono::milliseconds deadline) {
  for (const auto& sink : sinks_) {
    base::Result<bool> acknowledged = sink->flush(deadline);
    if (!acknowledged || !*acknowledged) return acknowledged;
  }
  return true;
}

std::string Outlet::trouble() const {
  for (const auto& sink : sinks_) {
    if (std::string text = sink->trouble(); !text.empty()) return text;
  }
  return delivery_ != nullptr ? delivery_->status().message : std::string();
}

void Outlet::cancel() noexcept {
  for (const auto& sink : sinks_) sink->cancel();
  if (delivery_ != nullptr) delivery_->cancel();
}

void Outlet::announce(std::size_t rows) {
  rows_.store(rows_.load(std::memory_order_relaxed) + rows, std::memory_order_release);
  if (waiting_.fetch_add(0, std::memory_order_acq_rel) == 0) return;
  { const std::lock_guard lock(wait_mutex_); }  // whoever looked before sleeps by now
  arrived_.notify_all();
}

void Outlet::run_ended() noexcept {
  {
    const std::lock_guard lock(wait_mutex_);
    ended_ = true;
  }
  arrived_.notify_all();
}

bool Outlet::wait_rows(std::uint64_t rows, std::chrono::milliseconds timeout) const {
  if (this->rows() > rows) return true;
  std::unique_lock lock(wait_mutex_);
  waiting_.fetch_add(1, std::memory_order_acq_rel);
  arrived_.wait_for(lock, timeout, [&] { return this->rows() > rows || ended_; });
  waiting_.fetch_sub(1, std::memory_order_acq_rel);
  return this->rows() > rows;
}

Frame Outlet::take_collected() {
  const std::lock_guard lock(writing_);
  if (!collector_) {
    throw base::Exception(base::invalid_argument(
        "nothing is collected: the run was not asked to, or its rows were taken already"));
  }
  Frame frame = collector_->take();
  collector_.reset();
  return frame;
}

}  // namespace headrace::pipeline
