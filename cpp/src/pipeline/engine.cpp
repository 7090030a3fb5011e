#include <headrace/pipeline/engine.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include <headrace/pipeline/compute.hpp>
#include <headrace/pipeline/ingest.hpp>
#include <headrace/pipeline/junction.hpp>
#include <headrace/pipeline/key_watch.hpp>
#include <headrace/pipeline/lifecycle.hpp>
#include <headrace/pipeline/outlet.hpp>
#include <headrace/pipeline/task_registry.hpp>

namespace headrace::pipeline {
namespace {

using std::chrono::milliseconds;

base::Status check(const Plan& plan, const EngineOptions& options,
                   const std::vector<Engine::Sources>& sources) {
  const std::size_t leaves = plan.leaves().size();
  if (sources.size() != leaves) {
    return base::invalid_argument("this plan reads " + std::to_string(leaves) +
                                  " streams, there are sources of " +
                                  std::to_string(sources.size()));
  }
  if (std::any_of(sources.begin(), sources.end(), [](const auto& of) { return of.empty(); })) {
    return base::invalid_argument("an engine needs at least one source, got none");
  }
  if (plan.is_merge() && options.overflow != Overflow::kPause) {
    return base::invalid_argument(
        "overflow: a stream that merges partitions or other streams needs \"pause\": dropped rows "
        "would be missing from some of them only");
  }
  if (options.batch_rows == 0 || options.ring_batches == 0 || options.compute_threads == 0) {
    return base::invalid_argument(
        "batch_rows, ring_batches and compute_threads: expected at least 1, got " +
        std::to_string(options.batch_rows) + ", " + std::to_string(options.ring_batches) + ", " +
        std::to_string(options.compute_threads));
  }
  return {};
}

std::string about_keys(const std::vector<std::string>& examples, std::uint64_t count) {
  std::string text = std::to_string(count) + (count == 1 ? " key comes" : " keys come") +
                     " in more than one partition (";
  for (std::size_t i = 0; i < examples.size(); ++i) text += (i > 0 ? ", " : "") + examples[i];
  return text + (count > examples.size() ? ", ..." : "") +
         "): state is kept per partition, so each part of such a key is computed by itself. "
         "Produce "
         "its records with this key as the Kafka key, so that one partition gets them all";
}

// A plan that decodes records, and what the merge that it flows into says of its partitions.
struct LeafPlan {
  const Plan* plan = nullptr;
  std::optional<std::chrono::nanoseconds> idle_timeout;
};

std::vector<LeafPlan> leaves_of(const Plan& plan) {
  if (!plan.is_merge()) return {{.plan = &plan, .idle_timeout = {}}};
  std::vector<LeafPlan> all;
  for (const PlanInput& input : plan.inputs()) {
    std::vector<LeafPlan> below = leaves_of(*input.plan);
    if (!input.plan->is_merge() && input.idle_timeout_ns) {
      below.front().idle_timeout = std::chrono::nanoseconds(*input.idle_timeout_ns);
    }
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

}  // namespace

struct Engine::Impl {
  Impl(Plan p, std::vector<Sources> from, const EngineOptions& o,
       std::vector<std::shared_ptr<sink::Sink>> sinks, BatchListener on_batch, Durability d)
      : plan(std::move(p)),
        options(o),
        durability(std::move(d)),
        registry(o.compute_threads),
        outlet(plan.output_schema(), options, std::move(sinks), std::move(on_batch)),
        life([this] { wake(); }, [this] { outlet.run_ended(); }) {
    if (durability.log) {
      delivery = std::make_unique<Delivery>(
          durability.log, [this](const sink::Origin& of) { return is_ours(of); }, life,
          [this] { durability.recovery->open(); });
      outlet.set_delivery(delivery.get());
    }
    if (plan.is_merge()) {
      junction =
          std::make_unique<Junction>(plan, Junction::House{.outlet = outlet,
                                                           .life = life,
                                                           .registry = registry,
                                                           .options = options,
                                                           .recovery = durability.recovery.get()});
    }
    if (durability.recovery) {
      coordinator = std::make_unique<Coordinator>(coordinator_house());
      if (!delivery) durability.recovery->open();
    }
    std::size_t producers = 0;
    for (const Sources& of_leaf : from) producers += of_leaf.size();
    const TaskRecipe recipe{.leaves = plan.leaves(),
                            .with_digest = options.digest,
                            .junction = junction.get(),
                            .recovery = durability.recovery.get()};
    for (unsigned i = 0; i < options.compute_threads; ++i) {
      computes.push_back(std::make_unique<Compute>(recipe, outlet, life, producers, options));
    }
    const std::vector<LeafPlan> leaves = leaves_of(plan);
    for (std::size_t leaf = 0; leaf < from.size(); ++leaf) {
      for (auto& one : from[leaf]) {
        ingests.push_back(
            std::make_unique<Ingest>(house_of(leaf, leaves[leaf]), ingests.size(), std::move(one)));
      }
    }
  }

  // Behind a merge results are of all partitions, which only this run has.
  [[nodiscard]] bool is_ours(const sink::Origin& of) const {
    return plan.is_merge() || registry.held(of.task, of.epoch);
  }

  [[nodiscard]] Coordinator::House coordinator_house() {
    return {.registry = registry,
            .computes = computes,
            .outlet = outlet,
            .life = life,
            .recovery = *durability.recovery,
            .delivery = delivery.get(),
            .junction = junction.get(),
            .store = durability.store,
            .options = options,
            .keeps_state = plan.keeps_state()};
  }

  [[nodiscard]] Ingest::House house_of(std::size_t leaf, const LeafPlan& of) {
    // Behind a merge all rows of a key come together; before it steps see those of one partition.
    const bool watch_keys = !plan.is_merge() || of.plan->keeps_state_by_key();
    return {.tasks = {.plan = *of.plan,
                      .batch_rows = options.batch_rows,
                      .reject_value_cap = options.reject_value_cap,
                      .max_record_bytes = options.max_record_bytes,
                      .watch_keys = watch_keys,
                      .keys = keys,
                      .rejects = outlet.rejects(),
                      .rules = durability.recovery ? of.plan->leading_stateless_rules()
                                                   : of.plan->leading_rules(),
                      .keep_originals = durability.recovery && of.plan->leading_stateless_rules() <
                                                                   of.plan->leading_rules()},
            .leaf = leaf,
            .idle_timeout = of.idle_timeout,
            .junction = junction.get(),
            .options = options,
            .registry = registry,
            .computes = computes,
            .outlet = outlet,
            .life = life,
            .recovery = durability.recovery.get(),
            .coordinator = coordinator.get(),
            .delivery = delivery.get()};
  }

  void wake() noexcept {
    const auto drained = Lifecycle::Clock::now() + Lifecycle::kDrain;
    for (const auto& function : plan.functions()) function->give_up_at(drained);
    for (const auto& ingest : ingests) ingest->wake();
    for (const auto& compute : computes) compute->ring_bell();
  }

  void join() {
    for (const auto& ingest : ingests) ingest->join();
    for (const auto& compute : computes) compute->join();
    if (coordinator) coordinator->join();
    if (!delivery) return;
    if (life.stopping()) delivery->cancel();  // the last commit has had its time
    delivery->join();
  }

  void add_durability(EngineStatus& status) const {
    if (delivery) {
      const Delivery::Status now = delivery->status();
      status.commits = now.commits;
      status.commit_seconds = now.commit_seconds;
    }
    if (coordinator) {
      const Coordinator::Status now = coordinator->status();
      status.checkpoints = now.checkpoints;
      status.checkpoint_age = now.checkpoint_age;
      status.longest_stall_seconds = now.longest_stall_seconds;
      status.recovery = durability.recovery->story();
    }
  }

  void add_counters(EngineStatus& status) const {
    for (const auto& ingest : ingests) {
      const Ingest::Counters& counters = ingest->counters();
      status.records += counters.records.load(std::memory_order_relaxed);
      status.tombstones += counters.tombstones.load(std::memory_order_relaxed);
      status.stale += counters.stale.load(std::memory_order_relaxed);
      status.dropped += counters.dropped.load(std::memory_order_relaxed);
      status.pauses += counters.pauses.load(std::memory_order_relaxed);
    }
    for (const auto& compute : computes) {
      status.stale += compute->counters().stale.load(std::memory_order_relaxed);
      status.dropped += compute->counters().dropped.load(std::memory_order_relaxed);
      status.evicted += compute->counters().evicted.load(std::memory_order_relaxed);
    }
    if (junction) status.evicted += junction->evicted();
  }

  // Of several sources the one that is worst off.
  void add_contact(EngineStatus& status) const {
    constexpr std::array<int, 4> kBadness{0, 2, 1, 3};  // none, connecting, connected, lost
    const auto badness = [&](source::Connection state) {
      return kBadness.at(static_cast<std::size_t>(state));
    };
    for (const auto& ingest : ingests) {
      const Ingest::Contact contact = ingest->contact();
      if (badness(contact.state) <= badness(status.connection)) continue;
      status.connection = contact.state;
      status.connection_seconds = contact.seconds;
    }
  }

  // The most pressing thing to say.
  [[nodiscard]] std::string message(const EngineStatus& status) const {
    if (const std::optional<base::Error> error = life.failure()) return error->message;
    for (const auto& ingest : ingests) {
      if (std::string text = ingest->message(); !text.empty()) return text;
    }
    if (std::string text = outlet.trouble(); !text.empty()) return text;
    if (coordinator) {
      if (std::string text = coordinator->status().message; !text.empty()) return text;
    }
    if (junction && !life.ended()) {
      if (std::string text = junction->message(); !text.empty()) return text;
    }
    if (status.keys_in_several_partitions == 0) return {};
    return about_keys(status.key_examples, status.keys_in_several_partitions);
  }

  const Plan plan;
  const EngineOptions options;
  const Durability durability;
  TaskRegistry registry;
  KeyWatch keys;
  Outlet outlet;
  Lifecycle life;
  std::unique_ptr<Delivery> delivery;        // null: nothing is written exactly once
  std::unique_ptr<Junction> junction;        // null: nothing is merged
  std::unique_ptr<Coordinator> coordinator;  // null: nothing is kept for another life
  std::vector<std::unique_ptr<Compute>> computes;
  std::vector<std::unique_ptr<Ingest>> ingests;
};

base::Result<std::unique_ptr<Engine>> Engine::create(Plan plan, Sources sources,
                                                     EngineOptions options,
                                                     std::vector<std::shared_ptr<sink::Sink>> sinks,
                                                     BatchListener on_batch) {
  std::vector<Sources> of_leaves;
  of_leaves.push_back(std::move(sources));
  return create_merging(std::move(plan), std::move(of_leaves), options, std::move(sinks),
                        std::move(on_batch));
}

base::Result<std::unique_ptr<Engine>> Engine::create_merging(
    Plan plan, std::vector<Sources> sources, EngineOptions options,
    std::vector<std::shared_ptr<sink::Sink>> sinks, BatchListener on_batch, Durability durability) {
  if (base::Status status = check(plan, options, sources); !status) return status.error();
  auto impl = std::make_unique<Impl>(std::move(plan), std::move(sources), options, std::move(sinks),
                                     std::move(on_batch), std::move(durability));
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)), process_(getpid()) {}

Engine::~Engine() {
  if (process_ == getpid()) {
    stop();
  } else {
    static_cast<void>(impl_.release());  // a forked child: there are no threads to wait for
  }
}

base::Status Engine::start() {
  if (impl_->life.state() != EngineState::kCreated || impl_->life.stopping()) {
    return base::invalid_argument("an engine runs once: this one was started or stopped already");
  }
  impl_->life.started(impl_->ingests.size(), impl_->computes.size());
  if (impl_->delivery) impl_->delivery->start();
  if (impl_->coordinator) impl_->coordinator->start();
  for (std::size_t i = 0; i < impl_->computes.size(); ++i) {
    impl_->computes[i]->start("headrace-comp" + std::to_string(i));
  }
  for (std::size_t i = 0; i < impl_->ingests.size(); ++i) {
    impl_->ingests[i]->start("headrace-in" + std::to_string(i));
  }
  return {};
}

std::vector<std::uint64_t> Engine::request_write() {
  if (impl_->life.stopping() || impl_->life.ended()) return {};
  if (impl_->delivery) return {impl_->coordinator->request()};
  if (!impl_->outlet.has_sinks()) return {};
  return request_flush(impl_->computes);
}

bool Engine::are_written(const std::vector<std::uint64_t>& requests) const {
  if (requests.empty()) return true;
  if (impl_->delivery) return impl_->coordinator->is_done(requests.front());
  return flushed(impl_->computes, requests);
}

base::Status Engine::savepoint(const std::string& name, std::chrono::milliseconds patience) {
  if (!impl_->coordinator) {
    return base::invalid_argument("savepoint: this stream runs without checkpoint=");
  }
  return impl_->coordinator->savepoint(name, patience);
}

void Engine::request_stop() noexcept { impl_->life.request_stop(); }

void Engine::stop() noexcept {
  if (!impl_->life.ended()) request_stop();
  impl_->join();
}

bool Engine::wait(std::optional<milliseconds> timeout) const { return impl_->life.wait(timeout); }

std::optional<base::Error> Engine::failure() const { return impl_->life.failure(); }

EngineStatus Engine::status() const {
  EngineStatus status;
  status.state = impl_->life.state();
  status.seconds = impl_->life.seconds();
  status.rows = impl_->outlet.rows();
  impl_->add_counters(status);
  impl_->add_contact(status);
  impl_->add_durability(status);
  status.late = impl_->outlet.rejects().late();
  status.rejected = impl_->outlet.rejects().by_reason();
  status.first_rejects = impl_->outlet.rejects().first_of_reasons(impl_->registry.topics());
  status.tasks = impl_->registry.status();
  status.keys_in_several_partitions = impl_->keys.keys_in_several_partitions();
  status.key_examples = impl_->keys.examples();
  status.message = impl_->message(status);
  return status;
}

Frame Engine::frame(std::size_t last, const std::optional<std::string>& key) const {
  return impl_->outlet.frames().frame(last, key);
}

Frame Engine::since(std::uint64_t position, std::uint64_t* missed) const {
  return impl_->outlet.frames().since(position, missed);
}

bool Engine::wait_rows(std::uint64_t rows, milliseconds timeout) const {
  return impl_->outlet.wait_rows(rows, timeout);
}

record::Rejects Engine::rejects() const { return impl_->outlet.rejects().newest(); }

Digest Engine::digest() const {
  if (impl_->junction) return impl_->junction->digest();
  Digest sum;
  for (const auto& compute : impl_->computes) sum.combine(compute->digest());
  return sum;
}

Frame Engine::take_collected() { return impl_->outlet.take_collected(); }

const record::SchemaPtr& Engine::schema() const noexcept { return impl_->plan.output_schema(); }

std::vector<std::string> Engine::topics() const { return impl_->registry.topics(); }

base::Result<std::string> Engine::membership() const {
  return impl_->ingests.front()->membership();
}

}  // namespace headrace::pipeline
