#include <headrace/pipeline/reject_log.hpp>

#include <utility>

namespace headrace::pipeline {
namespace {

std::size_t bytes_of(const record::Reject& reject) {
  return sizeof reject + reject.detail.size() + reject.key.size() + reject.value.size();
}

}  // namespace

void RejectLog::add(record::Rejects rejects) {
  if (rejects.empty()) return;
  for (const record::Reject& reject : rejects) count(reject.reason, 1);
  const std::lock_guard lock(mutex_);
  for (record::Reject& reject : rejects) {
    note_first(reject);
    bytes_ += bytes_of(reject);
    log_.push_back(std::move(reject));
    while (log_.size() > kept_ || (bytes_ > kBytesKept && log_.size() > 1)) {
      bytes_ -= bytes_of(log_.front());
      log_.pop_front();
    }
  }
}

void RejectLog::note_first(const record::Reject& reject) {
  std::optional<record::Reject>& first = first_[static_cast<std::size_t>(reject.reason)];
  if (first) return;
  first.emplace();
  first->reason = reject.reason;
  first->detail = reject.detail;
  first->task = reject.task;
  first->offset = reject.offset;
  first->key = reject.key;
}

void RejectLog::count(record::RejectReason reason, std::uint64_t rows) noexcept {
  counts_[static_cast<std::size_t>(reason)].fetch_add(rows, std::memory_order_relaxed);
}

void RejectLog::count_late(std::uint64_t rows) noexcept {
  late_.fetch_add(rows, std::memory_order_relaxed);
}

std::uint64_t RejectLog::late() const noexcept { return late_.load(std::memory_order_relaxed); }

record::Rejects RejectLog::newest() const {
  const std::lock_guard lock(mutex_);
  return {log_.begin(), log_.end()};
}

std::map<std::string, std::uint64_t> RejectLog::by_reason() const {
  std::map<std::string, std::uint64_t> counts;
  for (const record::RejectInfo& entry : record::kRejectTable) {
    const std::uint64_t n =
        counts_[static_cast<std::size_t>(entry.reason)].load(std::memory_order_relaxed);
    if (n > 0) counts.emplace(entry.name, n);
  }
  return counts;
}

std::map<std::string, std::string> RejectLog::first_of_reasons(
    const std::vector<std::string>& topics) const {
  std::map<std::string, std::string> lines;
  const std::lock_guard lock(mutex_);
  for (const std::optional<record::Reject>& first : first_) {
    if (!first) continue;
    const auto topic = static_cast<std::size_t>(first->task.topic);
    lines.emplace(record::info(first->reason).name,
                  record::text_of(*first, topic < topics.size() ? topics[topic] : ""));
  }
  return lines;
}

}  // namespace headrace::pipeline
