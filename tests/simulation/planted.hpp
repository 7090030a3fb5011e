// Mistakes that one could make with transactions, planted between the committer and its log or in
// what recovery is told: a simulation that does not find each of them proves nothing.
//
// Thread contract: as TransactionLog.
// Cost: none to speak of.
//
//   std::optional<Bug> bug = bug_from("stale-membership");
//   std::unique_ptr<sink::TransactionLog> log = planted(*bug, model_log);
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "model_log.hpp"

namespace headrace::simulation {

enum class Bug : std::uint8_t {
  kNone,
  kCommitBeforeFlush,  // a transaction ends without waiting for its results
  kStaleMembership,    // taken once, at the beginning
  kReuse,              // a producer is kept after a call that had no answer
  kCheckpointAhead,    // written at the cut, and used whatever is committed
  kMetadataIgnored,    // positions are told apart by their offsets alone
  kLostCheckpoint,     // written of a partition that is lost, so perhaps not committed
  kNobody,             // without a membership one goes on as nobody
};

inline constexpr std::array<std::pair<Bug, std::string_view>, 8> kBugs{{
    {Bug::kNone, "none"},
    {Bug::kCommitBeforeFlush, "commit-before-flush"},
    {Bug::kStaleMembership, "stale-membership"},
    {Bug::kReuse, "reuse"},
    {Bug::kCheckpointAhead, "checkpoint-ahead"},
    {Bug::kMetadataIgnored, "metadata-ignored"},
    {Bug::kLostCheckpoint, "lost-checkpoint"},
    {Bug::kNobody, "nobody"},
}};

[[nodiscard]] std::optional<Bug> bug_from(std::string_view name);

// With no mistake where the bug is not one of the log. `log` must outlive what is returned.
[[nodiscard]] std::unique_ptr<sink::TransactionLog> planted(Bug bug, ModelLog& log);

}  // namespace headrace::simulation
