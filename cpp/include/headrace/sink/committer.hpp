// The protocol by which outputs and positions get into a transactional log exactly once.
//
// Outputs are written as they come and kept until their transaction is known to be committed. When
// a call fails, nothing is assumed about what it did: the producer is given up, a new one with the
// same id ends whatever the former left open, and the committed marks tell whether the transaction
// was committed. If it was not, its outputs are written again. A mark is told from others by its
// metadata, which no two commits have in common.
//
// The same question comes before the first commit of a partition by every new producer: where its
// predecessor was fenced by another run, that run may have committed in between, and a producer
// that is newer still would be believed. It is asked for all partitions that are ours, not only for
// those of the transaction: two runs that each went on with a partition that the other one has not
// come to would both find later that somebody else has taken over, and nobody would be left.
//
// A partition that was given back has its outputs taken out of the open transaction (the producer
// is given up, what is still ours is written again), so positions and outputs of a transaction are
// always of partitions that are ours when it is committed. Whether they are is asked after the
// membership was taken: one that is outdated by then is refused by the broker.
//
// Somebody else's mark where ours was means that another run has taken over: that is an error which
// ends this one.
//
// Thread contract: one thread.
// Cost: a pointer per output and what TransactionLog does; kept outputs are bounded by how much is
//   written between two commits.
//
//   Committer committer(log, is_ours);
//   committer.start();                        // fences; before positions are asked for
//   committer.assigned(partition, origin, mark_found);
//   committer.write(output);
//   committer.commit(positions);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/sink/transaction_log.hpp>

namespace headrace::sink {

class Committer {
 public:
  // Whether a task is still read by us under this assignment. Any answer but the true one may cost
  // exactness: false only after its position can no longer be committed, true never after that.
  using IsOurs = std::function<bool(const Origin&)>;
  // What to tell the user while something is tried again; empty: all is well.
  using Tell = std::function<void(std::string)>;

  Committer(TransactionLog& log, IsOurs is_ours, Tell tell = {});

  // Keeps trying until the log answers. An error is fatal here and in all that follows.
  [[nodiscard]] base::Status start();
  // What was found committed when reading the partition began.
  void assigned(const Partition& partition, const Origin& origin, Mark mark);
  [[nodiscard]] base::Status write(Output output);
  // Returns when the outputs written since the last commit and these positions are committed, each
  // where it is still ours. Whatever has an output has a position, too.
  [[nodiscard]] base::Status commit(std::vector<Position> positions);
  // Whether anything was written since the last commit.
  [[nodiscard]] bool dirty() const noexcept { return !pending_.empty(); }
  // Times that a producer was given up.
  [[nodiscard]] std::uint64_t renewals() const noexcept { return renewals_; }

 private:
  enum class Outcome : std::uint8_t { kCommitted, kNotCommitted };
  // What is committed of a partition, as of the last time that a producer could be sure of it. With
  // the same producer nobody else of our id can have changed it since.
  struct Known {
    Mark mark;
    std::uint64_t producer = 0;
    Origin origin{};  // under which it was ours
  };
  // A partition whose committed mark is asked for.
  struct Asked {
    Partition partition;
    Origin origin;
    Mark former;
    const Mark* wanted = nullptr;  // of the transaction; null where it has none of the partition
  };

  // Writes what is pending and not in the open transaction yet; begins one where none is open.
  [[nodiscard]] base::Status catch_up();
  [[nodiscard]] base::Status attempt(std::span<const Position> positions);
  // Gives the producer up after `why` and comes back with a new one.
  [[nodiscard]] base::Status recover(const base::Error& why);
  [[nodiscard]] base::Status init();
  void renew() noexcept;
  [[nodiscard]] base::Result<Outcome> outcome(std::vector<Position>& positions);
  [[nodiscard]] std::vector<Asked> all_to_ask(std::span<const Position> positions) const;
  [[nodiscard]] base::Result<std::vector<Mark>> ask(std::span<const Asked> asked);
  // True where outputs of a lost partition are in the open transaction.
  [[nodiscard]] bool drop_lost_outputs();
  void drop_lost(std::vector<Position>& positions) const;
  [[nodiscard]] bool are_known(std::span<const Position> positions) const;
  [[nodiscard]] bool all_ours(std::span<const Position> positions) const;
  void committed(std::span<const Position> positions);
  void tell(const std::string& text);

  TransactionLog& log_;
  IsOurs is_ours_;
  Tell tell_;
  std::vector<Output> pending_;  // of the transaction that is not committed yet
  std::size_t written_ = 0;      // of pending_, with the present producer
  bool open_ = false;            // begun with the present producer
  std::map<Partition, Known> marks_;
  std::uint64_t renewals_ = 0;
  std::uint64_t first_producer_ = 0;  // renewals at the end of start()
  int failures_ = 0;                  // since the last commit
  bool fenced_ = false;               // since the last commit
  std::string told_;
};

}  // namespace headrace::sink
