// A worker: what the engine does around sink::Committer, in small.
//
// Records are processed in batches, results go through a queue to the committer, which has a fiber
// of its own; a cut behind them ends a transaction, and some cuts are checkpoints, written some
// time after the commit. A partition that is given to the worker goes on from the newest checkpoint
// that is not ahead of its committed position. With a group the worker is a member of it, otherwise
// all partitions are its own from the start.
//
// Thread contract: one thread.
// Cost: that of its messages and batches.
//
//   auto process = std::make_shared<Process>(world, "worker 0");
//   Worker worker(process, house, "slot-0");
//   worker.start();
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "member.hpp"
#include "planted.hpp"
#include "saved_states.hpp"

#include <headrace/sink/committer.hpp>

namespace headrace::simulation {

// What all workers of a run have in common.
struct House {
  World& world;
  Broker& broker;
  Network& network;
  SavedStates& states;
  Job job;
  int outputs = 1;
  Member::Settings member;
  bool in_group = true;
  Time commit_interval = 100 * kMs;
  Time checkpoint_interval = 500 * kMs;
  Time record_interval = 20 * kMs;
  Bug bug = Bug::kNone;
  std::function<void(const std::string&)> violation;
};

// What is kept beside a committed position.
struct Note {
  std::uint64_t commit = 0;
  std::uint64_t digest = 0;
  bool finished = false;
  std::string run;
};
[[nodiscard]] std::string to_text(const Note& note);
[[nodiscard]] Note note_from(const std::string& text);

class Worker final : private Member::Listener {
 public:
  Worker(std::shared_ptr<Process> process, House& house, const std::string& slot, std::string run);

  void start();
  // Commits what is done, gives everything back and ends.
  void stop();

 private:
  struct Task {
    std::uint32_t epoch = 0;
    bool ready = false;    // its state is there
    bool leaving = false;  // nothing more is processed
    bool finished = false;
    std::int64_t done = 0;
    std::int64_t cut_at = 0;
    std::uint64_t commit = 0;
    State state;
    Time saved = 0;
  };
  struct Assigned {
    int partition;
    std::uint32_t epoch;
    sink::Mark mark;
  };
  struct Copy {
    std::uint32_t epoch = 0;
    SavedState state;
  };
  struct Cut {
    std::uint64_t number = 0;
    std::vector<sink::Position> positions;
    std::map<int, Copy> states;
  };
  using Epochs = std::map<int, std::uint32_t>;  // of partitions
  using Item = std::variant<sink::Output, Assigned, Cut>;

  void assign(int partition) override;
  void release(const std::set<int>& partitions, std::function<void()> then) override;
  void lose_all() override;
  [[nodiscard]] std::set<int> held() const override;

  void recover(int partition, std::uint32_t epoch);
  void begin(int partition, const sink::Mark& committed);
  [[nodiscard]] const SavedState* newest(int partition, std::uint64_t committed) const;
  void compute(int partition, std::uint32_t epoch);
  void cut_now_and_then();
  void cut();
  void finish(int partition, Task& task);
  void give(int partition, const Task& task, std::vector<Row> rows);
  void wait_released(std::uint64_t cut, Time until, const Epochs& leaving,
                     const std::function<void()>& then);
  void save(int partition, const SavedState& state);

  void deliver();  // the fiber
  base::Status handle(Item& item);
  void put(Item item);
  [[nodiscard]] Task* task_of(int partition, std::uint32_t epoch);
  [[nodiscard]] base::Result<std::string> membership() const;

  std::shared_ptr<Process> process_;
  House& house_;
  std::string run_;
  Member member_;
  ModelLog log_;
  std::unique_ptr<sink::TransactionLog> maybe_planted_;
  sink::Committer committer_;
  std::map<int, Task> tasks_;
  std::uint32_t epochs_ = 0;
  std::deque<Item> items_;
  std::uint64_t cuts_ = 0;
  std::uint64_t done_cuts_ = 0;
};

}  // namespace headrace::simulation
