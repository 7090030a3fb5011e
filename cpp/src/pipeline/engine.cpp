#include <headrace/pipeline/engine.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <headrace/pipeline/compute.hpp>
#include <headrace/pipeline/ingest.hpp>
#include <headrace/pipeline/key_watch.hpp>
#include <headrace/pipeline/lifecycle.hpp>
#include <headrace/pipeline/outlet.hpp>
#include <headrace/pipeline/task_registry.hpp>

namespace headrace::pipeline {
namespace {

using std::chrono::milliseconds;

base::Status check(const EngineOptions& options, std::size_t sources) {
  if (sources == 0) return base::invalid_argument("an engine needs at least one source, got none");
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

}  // namespace

struct Engine::Impl {
  Impl(Plan p, std::vector<std::unique_ptr<source::Source>> from, const EngineOptions& o,
       std::vector<std::shared_ptr<sink::Sink>> sinks, BatchListener on_batch)
      : plan(std::move(p)),
        options(o),
        registry(o.compute_threads),
        outlet(plan.output_schema(), options, std::move(sinks), std::move(on_batch)),
        life([this] { wake(); }, [this] { outlet.run_ended(); }) {
    for (unsigned i = 0; i < options.compute_threads; ++i) {
      computes.push_back(
          std::make_unique<Compute>(TaskRecipe{.plan = &plan, .with_digest = options.digest},
                                    outlet, life, from.size(), options));
    }
    const Ingest::House house{.tasks = {.plan = plan,
                                        .batch_rows = options.batch_rows,
                                        .reject_value_cap = options.reject_value_cap,
                                        .max_record_bytes = options.max_record_bytes,
                                        .keys = keys,
                                        .rejects = outlet.rejects()},
                              .options = options,
                              .registry = registry,
                              .computes = computes,
                              .outlet = outlet,
                              .life = life};
    for (std::size_t i = 0; i < from.size(); ++i) {
      ingests.push_back(std::make_unique<Ingest>(house, i, std::move(from[i])));
    }
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
    if (status.keys_in_several_partitions == 0) return {};
    return about_keys(status.key_examples, status.keys_in_several_partitions);
  }

  const Plan plan;
  const EngineOptions options;
  TaskRegistry registry;
  KeyWatch keys;
  Outlet outlet;
  Lifecycle life;
  std::vector<std::unique_ptr<Compute>> computes;
  std::vector<std::unique_ptr<Ingest>> ingests;
};

base::Result<std::unique_ptr<Engine>> Engine::create(
    Plan plan, std::vector<std::unique_ptr<source::Source>> sources, EngineOptions options,
    std::vector<std::shared_ptr<sink::Sink>> sinks, BatchListener on_batch) {
  if (base::Status status = check(options, sources.size()); !status) return status.error();
  auto impl = std::make_unique<Impl>(std::move(plan), std::move(sources), options, std::move(sinks),
                                     std::move(on_batch));
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() { stop(); }

base::Status Engine::start() {
  if (impl_->life.state() != EngineState::kCreated || impl_->life.stopping()) {
    return base::invalid_argument("an engine runs once: this one was started or stopped already");
  }
  impl_->life.started(impl_->ingests.size(), impl_->computes.size());
  for (std::size_t i = 0; i < impl_->computes.size(); ++i) {
    impl_->computes[i]->start("headrace-comp" + std::to_string(i));
  }
  for (std::size_t i = 0; i < impl_->ingests.size(); ++i) {
    impl_->ingests[i]->start("headrace-in" + std::to_string(i));
  }
  return {};
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
  Digest sum;
  for (const auto& compute : impl_->computes) sum.combine(compute->digest());
  return sum;
}

Frame Engine::take_collected() { return impl_->outlet.take_collected(); }

const record::SchemaPtr& Engine::schema() const noexcept { return impl_->plan.output_schema(); }

std::vector<std::string> Engine::topics() const { return impl_->registry.topics(); }

}  // namespace headrace::pipeline
