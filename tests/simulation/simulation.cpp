#include "simulation.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "referee.hpp"
#include "worker.hpp"

namespace headrace::simulation {
namespace {

constexpr Time kPatience = 240 * kSecond;  // for all to be done, once nothing disturbs any more

// What is drawn for a whole run.
struct Setup {
  int slots = 1;
  bool in_group = true;
  bool is_static = false;
  Time calm_from = 0;    // no fault after it
  Time fault_every = 0;  // on average
  int lost = 0;          // messages in a thousand, while it is not calm
  int held = 0;
  Job job;
  Broker::Settings broker;
  Member::Settings member;
  Time commit_interval = 0;
  Time checkpoint_interval = 0;
  Time record_interval = 0;
};

Setup draw(World& world, std::uint64_t seed) {
  Setup setup;
  setup.in_group = !world.chance(250);
  setup.slots = setup.in_group ? static_cast<int>(world.between(1, 4)) : 1;
  setup.is_static = world.chance(500);
  setup.calm_from = world.between(2, 25) * kSecond;
  setup.fault_every = world.between(300, 4'000) * kMs;
  setup.lost = static_cast<int>(world.chance(500) ? world.between(0, 40) : 0);
  setup.held = static_cast<int>(world.chance(500) ? world.between(0, 30) : 0);
  setup.job = {.seed = seed,
               .partitions = static_cast<int>(world.between(1, 4)),
               .records = world.between(30, 150)};
  setup.member = {.cooperative = world.chance(500)};
  setup.broker = {.outputs = static_cast<int>(world.between(1, 3)),
                  .transaction = world.between(4, 30) * kSecond,
                  .slowest_marker = world.chance(300) ? 300 * kMs : 4 * kMs,
                  .group = {.partitions = setup.job.partitions,
                            .cooperative = setup.member.cooperative,
                            .session = world.between(2, 8) * kSecond,
                            .rebalance = world.between(3, 10) * kSecond}};
  setup.commit_interval = world.between(40, 400) * kMs;
  setup.checkpoint_interval = world.between(100, 2'000) * kMs;
  setup.record_interval = setup.calm_from / setup.job.records;
  return setup;
}

class Simulation {
 public:
  explicit Simulation(const Order& order)
      : world_(order.seed, order.traces),
        setup_(draw(world_, order.seed)),
        referee_(setup_.job, setup_.broker.outputs,
                 [this](const std::string& text) { violation(text); }),
        broker_(world_, setup_.broker, [this](const Row& row) { referee_.read(row); }),
        network_(world_, broker_),
        house_{.world = world_,
               .broker = broker_,
               .network = network_,
               .states = states_,
               .job = setup_.job,
               .outputs = setup_.broker.outputs,
               .member = setup_.member,
               .in_group = setup_.in_group,
               .commit_interval = setup_.commit_interval,
               .checkpoint_interval = setup_.checkpoint_interval,
               .record_interval = setup_.record_interval,
               .bug = order.bug,
               .violation = [this](const std::string& text) { violation(text); }},
        wanted_from_(static_cast<std::size_t>(setup_.slots)) {
    network_.set({.lost = setup_.lost, .held = setup_.held});
    world_.after(setup_.calm_from, [this] { network_.set({}); });
  }

  // What waits holds on to its process.
  ~Simulation() {
    for (const Life& life : lives_) life.process->kill();
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Outcome run();

 private:
  // A life stays until the end: what it has sent may still be under way.
  struct Life {
    int slot = 0;
    std::shared_ptr<Process> process;
    std::unique_ptr<Worker> worker;
  };

  void supervise();
  void disturb();
  void fault();
  void begin_life(int slot);
  [[nodiscard]] Life& some_life();
  [[nodiscard]] bool lives(int slot) const;
  [[nodiscard]] bool done();
  void violation(const std::string& text);

  World world_;
  Setup setup_;
  Outcome outcome_;
  Referee referee_;
  Broker broker_;
  Network network_;
  SavedStates states_;
  House house_;
  std::vector<Time> wanted_from_;  // by slot
  std::vector<Life> lives_;
  Time quiet_from_ = 0;  // nobody sleeps after it
};

Outcome Simulation::run() {
  supervise();
  disturb();
  const Time limit = setup_.calm_from + kPatience;
  while (outcome_.violation.empty() && world_.step()) {
    ++outcome_.events;
    if (world_.now() > limit) violation("not done in time: somebody is stuck");
    if (outcome_.events % 64 != 0 || !done()) continue;
    if (outcome_.time == 0) outcome_.time = world_.now();
    // What sleeps or is under way may still do harm.
    if (world_.now() > std::max(quiet_from_, network_.quiet_from()) + 2 * kSecond) break;
  }
  outcome_.lives = static_cast<int>(lives_.size());
  return outcome_;
}

bool Simulation::done() {
  if (world_.now() < setup_.calm_from || !referee_.complete()) return false;
  for (int partition = 0; partition < setup_.job.partitions; ++partition) {
    const sink::Mark mark = broker_.group().now_committed(partition);
    const Note note = note_from(mark.metadata);
    if (mark.offset != setup_.job.records || !note.finished) return false;
    if (note.digest != referee_.digest(partition)) {
      violation("the state of partition " + std::to_string(partition) + " is another one");
    }
  }
  return true;
}

void Simulation::violation(const std::string& text) {
  if (!outcome_.violation.empty()) return;
  outcome_.violation = text;
  if (world_.traces()) world_.trace("VIOLATION: " + text);
}

// Starts what has died; also sees to what a broker does by the clock.
void Simulation::supervise() {
  for (int slot = 0; slot < setup_.slots; ++slot) {
    const Time from = wanted_from_[static_cast<std::size_t>(slot)];
    if (!lives(slot) && from <= world_.now()) begin_life(slot);
  }
  if (!broker_.is_down()) broker_.group().look_at_clock();
  world_.after(world_.between(50, 250) * kMs, [this] { supervise(); });
}

bool Simulation::lives(int slot) const {
  return std::any_of(lives_.begin(), lives_.end(), [slot](const Life& life) {
    return life.slot == slot && life.process->alive();
  });
}

void Simulation::begin_life(int slot) {
  const std::string number = std::to_string(lives_.size());
  const std::string name = "slot-" + std::to_string(slot);
  house_.member.instance = setup_.is_static ? name : "";
  auto process = std::make_shared<Process>(world_, name + " life " + number);
  if (world_.traces()) process->trace("starts");
  lives_.push_back({.slot = slot,
                    .process = process,
                    .worker = std::make_unique<Worker>(process, house_, name, "run-" + number)});
  lives_.back().worker->start();
}

Simulation::Life& Simulation::some_life() {
  // Rather a younger one: most of the others are dead.
  const auto all = static_cast<std::int64_t>(lives_.size());
  const std::int64_t back = world_.below(std::min<std::int64_t>(all, setup_.slots + 1));
  return lives_[static_cast<std::size_t>(all - 1 - back)];
}

void Simulation::disturb() {
  world_.after(world_.below(2 * setup_.fault_every), [this] {
    if (world_.now() >= setup_.calm_from) return;
    fault();
    disturb();
  });
}

void Simulation::fault() {
  Life& life = some_life();
  Process& process = *life.process;
  const auto slot = static_cast<std::size_t>(life.slot);
  switch (world_.below(9)) {
    case 0:
    case 1:
      process.kill();
      wanted_from_[slot] = world_.now() + world_.below(3) * kSecond / 2;
      break;
    case 2:
    case 3:
      process.kill_at_step(static_cast<int>(world_.between(1, 30)));
      break;
    case 4: {
      const Time time =
          world_.chance(500) ? world_.between(1, 3'000) * kMs : world_.between(3, 40) * kSecond;
      if (world_.traces()) process.trace("frozen for " + std::to_string(time / kMs) + " ms");
      process.freeze(time);
      quiet_from_ = std::max(quiet_from_, world_.now() + time);
      break;
    }
    case 5:
      if (process.alive() && !process.frozen()) life.worker->stop();
      wanted_from_[slot] = world_.now() + world_.between(0, 5) * kSecond;
      break;
    case 6:
      broker_.restart(world_.between(50, 4'000) * kMs);
      break;
    case 7:
      states_.spoil(world_);
      break;
    default:
      // Somebody starts it again while it still runs.
      if (!setup_.in_group) begin_life(life.slot);
      break;
  }
}

}  // namespace

Outcome simulate(const Order& order) { return Simulation(order).run(); }

}  // namespace headrace::simulation
