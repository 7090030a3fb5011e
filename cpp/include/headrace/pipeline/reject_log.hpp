// The newest dead letters, for readers, the first of each reason, and how many there were.
//
// Thread contract: any thread.
// Cost: a mutex a batch of rejects; memory is at most `kept` entries and kBytesKept bytes of
// theirs.
//
//   RejectLog log(10'000);
//   log.add(std::move(rejects));
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <headrace/record/reject.hpp>

namespace headrace::pipeline {

class RejectLog {
 public:
  // Original values may be large; the newest entry is kept whatever its size.
  static constexpr std::size_t kBytesKept = 64U << 20U;

  explicit RejectLog(std::size_t kept) : kept_(kept) {}

  void add(record::Rejects rejects);
  // Rows that a rule dropped on the user's word: counted, but no dead letters.
  void count(record::RejectReason reason, std::uint64_t rows) noexcept;
  // Rows that were too late and left out on the user's word: likewise, and apart from the reasons.
  void count_late(std::uint64_t rows) noexcept;
  [[nodiscard]] std::uint64_t late() const noexcept;
  [[nodiscard]] record::Rejects newest() const;  // in arrival order
  [[nodiscard]] std::map<std::string, std::uint64_t> by_reason() const;
  // The first dead letter of each reason as one line (see record::text_of).
  [[nodiscard]] std::map<std::string, std::string> first_of_reasons(
      const std::vector<std::string>& topics) const;

 private:
  void note_first(const record::Reject& reject);

  const std::size_t kept_;
  std::array<std::atomic<std::uint64_t>, record::kRejectTable.size()> counts_{};
  std::atomic<std::uint64_t> late_{0};
  mutable std::mutex mutex_;
  std::deque<record::Reject> log_;
  // Without their values.
  std::array<std::optional<record::Reject>, record::kRejectTable.size()> first_{};
  std::size_t bytes_ = 0;
};

}  // namespace headrace::pipeline
