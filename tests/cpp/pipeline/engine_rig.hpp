// Engines over fake sources, and what they should come to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <headrace/pipeline/engine.hpp>
#include <headrace/pipeline/task.hpp>

#include "fake_sink.hpp"
#include "fake_source.hpp"

namespace headrace::testing {

using Partitions = std::vector<std::vector<FakeRecord>>;

// Good records, and here and there one that is broken, against the rule, or a tombstone.
inline Partitions mixed_records(std::int32_t partitions, std::int64_t rows, bool with_bad = true) {
  Partitions all(static_cast<std::size_t>(partitions));
  for (std::int32_t p = 0; p < partitions; ++p) {
    for (std::int64_t o = 0; o < rows; ++o) {
      FakeRecord record = good_record(p, o);
      if (with_bad && o % 97 == 13) record.value = "{\"t\": 1, \"k\": oops";
      if (with_bad && o % 101 == 50) record.value.replace(record.value.find("\"x\":") + 4, 0, "-");
      if (with_bad && o % 211 == 7) record.tombstone = true;
      all[static_cast<std::size_t>(p)].push_back(std::move(record));
    }
  }
  return all;
}

// The records in polls of random size, partitions taken in turn at random, empty polls in between.
inline std::vector<FakeStep> random_polls(const Partitions& partitions, std::size_t most,
                                          unsigned seed) {
  std::minstd_rand random(seed);
  std::vector<std::size_t> next(partitions.size(), 0);
  std::vector<FakeStep> steps(1);
  for (std::size_t p = 0; p < partitions.size(); ++p) {
    steps[0].events.push_back(assigned(static_cast<std::int32_t>(p), 1));
  }
  const auto left = [&] {
    std::vector<std::size_t> open;
    for (std::size_t p = 0; p < partitions.size(); ++p) {
      if (next[p] < partitions[p].size()) open.push_back(p);
    }
    return open;
  };
  for (auto open = left(); !open.empty(); open = left()) {
    FakeStep& step = steps.emplace_back();
    for (std::size_t runs = random() % 3; runs > 0; --runs) {
      const std::size_t p = open[random() % open.size()];
      for (std::size_t n = 1 + random() % most; n > 0 && next[p] < partitions[p].size(); --n) {
        step.records.push_back(partitions[p][next[p]++]);
      }
    }
  }
  return steps;
}

// Digest of each partition run by itself, in one batch, without engine or threads.
inline pipeline::Digest expected_digest(const pipeline::Plan& plan, const Partitions& partitions) {
  pipeline::Digest sum;
  for (const auto& records : partitions) {
    const auto decoder = decode::make_decoder(plan.format(), plan.input_schema()).value_or_throw();
    decode::BatchBuilder builder(plan.input_schema(), records.size() + 1);
    for (const FakeRecord& record : records) {
      if (!record.tombstone && !decoder->append(record.value, builder))
        builder.commit(record.offset);
    }
    pipeline::Task task = pipeline::Task::create(plan, true).value_or_throw();
    record::RecordBatch batch = builder.finish();
    record::Rejects rejects;
    task.process(batch, rejects).throw_if_error();
    record::RecordBatch held;
    task.finish(held, rejects).throw_if_error();
    sum.combine(task.digest());
  }
  return sum;
}

struct Rig {
  pipeline::Plan plan = pipeline::Plan::parse(test_plan()).value_or_throw();
  std::vector<std::shared_ptr<FakeLog>> logs;
  std::vector<std::unique_ptr<source::Source>> sources;
  std::vector<std::shared_ptr<sink::Sink>> sinks;
  pipeline::Engine::BatchListener on_batch;
  pipeline::EngineOptions options;

  void add(std::vector<FakeStep> steps, FakeSource::Then then = FakeSource::Then::kEnd,
           const std::string& topic = "fake") {
    logs.push_back(std::make_shared<FakeLog>());
    sources.push_back(std::make_unique<FakeSource>(std::move(steps), then, logs.back(), topic));
  }
  // Has the compute threads do something more with each batch.
  void on_write(std::function<void(const record::BatchPtr&)> work) {
    auto sink = std::make_shared<FakeSink>();
    sink->on_write = std::move(work);
    sinks.push_back(std::move(sink));
  }
  std::unique_ptr<pipeline::Engine> start() {
    auto engine = pipeline::Engine::create(plan, std::move(sources), options, sinks, on_batch)
                      .value_or_throw();
    engine->start().throw_if_error();
    return engine;
  }
  // Each source is a leaf of the plan; or all are of its only one.
  std::unique_ptr<pipeline::Engine> start_merging() {
    const bool one_leaf = plan.leaves().size() == 1;
    std::vector<pipeline::Engine::Sources> of_leaves(one_leaf ? 1 : sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) {
      of_leaves[one_leaf ? 0 : i].push_back(std::move(sources[i]));
    }
    auto engine =
        pipeline::Engine::create_merging(plan, std::move(of_leaves), options, sinks, on_batch)
            .value_or_throw();
    engine->start().throw_if_error();
    return engine;
  }
  std::unique_ptr<pipeline::Engine> run_merging() {
    auto engine = start_merging();
    (void)engine->wait(std::chrono::seconds(60));
    return engine;
  }
  std::unique_ptr<pipeline::Engine> run() {
    auto engine = start();
    (void)engine->wait(std::chrono::seconds(60));
    return engine;
  }
};

inline double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace headrace::testing
