#include <headrace/sink/committer.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace headrace::sink {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstRest{20};
constexpr milliseconds kLongestRest{2'000};
// Somebody else's mark may mean that a partition was taken from us and we have not heard of it yet.
constexpr int kForeignLooks = 12;  // some 15 s

milliseconds rest_after(int failures) {
  const int doublings = std::min(failures - 1, 7);
  return std::min(kFirstRest * (1 << std::max(doublings, 0)), kLongestRest);
}

base::Error taken_over(const Partition& partition, const Mark& found) {
  return {.code = base::ErrorCode::kFenced,
          .message = "another run has taken over: " + partition.first + '[' +
                     std::to_string(partition.second) + "] was committed at offset " +
                     std::to_string(found.offset) +
                     " by somebody else; what was not committed here is his to write"};
}

}  // namespace

Committer::Committer(TransactionLog& log, IsOurs is_ours, Tell tell)
    : log_(log), is_ours_(std::move(is_ours)), tell_(std::move(tell)) {}

base::Status Committer::start() {
  base::Status status = init();
  first_producer_ = renewals_;
  if (status) tell({});
  return status;
}

void Committer::assigned(const Partition& partition, const Origin& origin, Mark mark) {
  // It was read at some time after start(): with a later producer it may have been overtaken.
  marks_[partition] = {.mark = std::move(mark), .producer = first_producer_, .origin = origin};
}

base::Status Committer::write(Output output) {
  pending_.push_back(std::move(output));
  for (;;) {
    base::Status status = catch_up();
    if (status || !status.error().retriable) return status;
    if (status = recover(status.error()); !status) return status;
  }
}

base::Status Committer::commit(std::vector<Position> positions) {
  for (;;) {
    drop_lost(positions);
    if (drop_lost_outputs()) {
      renew();
      if (base::Status status = init(); !status) return status;
    }
    if (pending_.empty() && positions.empty()) return {};
    if (!are_known(positions)) {
      const base::Result<Outcome> decided = outcome(positions);
      if (!decided) return decided.error();
      if (*decided == Outcome::kCommitted) break;
      continue;  // without what was lost while we asked
    }
    base::Status status = attempt(positions);
    if (status) break;
    if (!status.error().retriable) return status;
    if (status = recover(status.error()); !status) return status;
  }
  committed(positions);
  return {};
}

base::Status Committer::catch_up() {
  if (!open_) {
    if (base::Status status = log_.begin(); !status) return status;
    open_ = true;
    written_ = 0;
  }
  for (; written_ < pending_.size(); ++written_) {
    if (base::Status status = log_.write(pending_[written_]); !status) return status;
  }
  return {};
}

base::Status Committer::attempt(std::span<const Position> positions) {
  if (base::Status status = catch_up(); !status) return status;
  if (base::Status status = log_.flush(); !status) return status;
  const base::Result<std::string> membership = log_.membership();
  if (!membership) return membership.error();
  // After the membership was taken: what is lost later makes that membership outdated.
  if (!all_ours(positions)) {
    return base::Error{.code = base::ErrorCode::kKafka,
                       .message = "a partition was given back during a commit",
                       .retriable = true};
  }
  if (base::Status status = log_.send_positions(*membership, positions); !status) return status;
  return log_.commit();
}

base::Status Committer::recover(const base::Error& why) {
  const bool is_fenced = why.code == base::ErrorCode::kFenced;
  if (is_fenced && std::exchange(fenced_, true)) {
    base::Error error = why;
    error.retriable = false;
    return error;
  }
  ++failures_;
  tell(why.message);
  if (base::Status status = log_.rest(rest_after(failures_)); !status) return status;
  renew();
  return init();
}

base::Status Committer::init() {
  open_ = false;
  for (int failures = 1;; ++failures) {
    base::Status status = log_.init();
    if (status || !status.error().retriable) return status;
    tell(status.error().message);
    if (base::Status rested = log_.rest(rest_after(failures)); !rested) return rested;
    renew();
  }
}

void Committer::renew() noexcept {
  log_.renew();
  ++renewals_;
}

base::Result<Committer::Outcome> Committer::outcome(std::vector<Position>& positions) {
  for (int look = 1;; ++look) {
    drop_lost(positions);
    const std::vector<Asked> asked = all_to_ask(positions);
    const base::Result<std::vector<Mark>> found = ask(asked);
    if (!found) return found.error();
    // What was lost while we asked says nothing.
    if (!std::all_of(asked.begin(), asked.end(),
                     [this](const Asked& each) { return is_ours_(each.origin); })) {
      continue;
    }
    std::size_t ours = 0;
    std::optional<std::size_t> foreign;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (asked[i].wanted != nullptr && (*found)[i] == *asked[i].wanted) {
        ++ours;
      } else if ((*found)[i] != asked[i].former) {
        foreign = i;
      }
    }
    if (!foreign) {
      if (ours != 0 && ours != positions.size()) {
        return base::Error{
            .code = base::ErrorCode::kInternal,
            .message = "the broker has committed a part of a transaction: " + std::to_string(ours) +
                       " of " + std::to_string(positions.size()) + " positions"};
      }
      for (const Asked& each : asked) {
        marks_[each.partition] = {
            .mark = each.former, .producer = renewals_, .origin = each.origin};
      }
      return ours != 0 ? Outcome::kCommitted : Outcome::kNotCommitted;
    }
    if (look >= kForeignLooks) return taken_over(asked[*foreign].partition, (*found)[*foreign]);
    if (base::Status rested = log_.rest(rest_after(look)); !rested) return rested.error();
  }
}

std::vector<Committer::Asked> Committer::all_to_ask(std::span<const Position> positions) const {
  std::vector<Asked> asked;
  for (const Position& position : positions) {
    const auto known = marks_.find(position.partition);
    asked.push_back({.partition = position.partition,
                     .origin = position.origin,
                     .former = known == marks_.end() ? Mark{} : known->second.mark,
                     .wanted = &position.mark});
  }
  for (const auto& [partition, known] : marks_) {
    const bool in_transaction =
        std::any_of(positions.begin(), positions.end(),
                    [&](const Position& position) { return position.partition == partition; });
    if (in_transaction || !is_ours_(known.origin)) continue;
    asked.push_back({.partition = partition, .origin = known.origin, .former = known.mark});
  }
  return asked;
}

base::Result<std::vector<Mark>> Committer::ask(std::span<const Asked> asked) {
  std::vector<Partition> partitions;
  for (const Asked& each : asked) partitions.push_back(each.partition);
  for (int failures = 1;; ++failures) {
    base::Result<std::vector<Mark>> found = log_.committed(partitions);
    if (found || !found.error().retriable) return found;
    tell(found.error().message);
    if (base::Status rested = log_.rest(rest_after(failures)); !rested) return rested.error();
  }
}

bool Committer::drop_lost_outputs() {
  bool in_transaction = false;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if (is_ours_(pending_[i].origin)) {
      if (kept != i) pending_[kept] = std::move(pending_[i]);
      ++kept;
    } else {
      in_transaction = in_transaction || (open_ && i < written_);
    }
  }
  pending_.resize(kept);
  return in_transaction;
}

void Committer::drop_lost(std::vector<Position>& positions) const {
  std::erase_if(positions, [this](const Position& p) { return !is_ours_(p.origin); });
}

bool Committer::are_known(std::span<const Position> positions) const {
  return std::all_of(positions.begin(), positions.end(), [this](const Position& p) {
    const auto known = marks_.find(p.partition);
    return (known == marks_.end() ? first_producer_ : known->second.producer) == renewals_;
  });
}

bool Committer::all_ours(std::span<const Position> positions) const {
  return std::all_of(positions.begin(), positions.end(),
                     [this](const Position& p) { return is_ours_(p.origin); }) &&
         std::all_of(pending_.begin(), pending_.end(),
                     [this](const Output& output) { return is_ours_(output.origin); });
}

void Committer::committed(std::span<const Position> positions) {
  for (const Position& position : positions) {
    marks_[position.partition] = {
        .mark = position.mark, .producer = renewals_, .origin = position.origin};
  }
  pending_.clear();
  written_ = 0;
  open_ = false;
  failures_ = 0;
  fenced_ = false;
  tell({});
}

void Committer::tell(const std::string& text) {
  if (text == told_) return;
  told_ = text;
  if (tell_) tell_(text);
}

}  // namespace headrace::sink
