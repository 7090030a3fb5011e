#include <headrace/pipeline/merged_task.hpp>

#include <random>
#include <set>

#include "catch.hpp"
#include "pipeline/merging.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::Digest;
using pipeline::MergedTask;
using pipeline::Plan;

namespace {

constexpr std::int64_t kGrace = 12;

// Rows of test_schema(); behind the merge state by key, a sort and a rule.
Plan plan_of(std::uint32_t inputs, const std::string& steps) {
  const std::string leaf = R"({"version": 1, "format": "json", "schema": {"fields": [
      {"name": "t", "type": "timestamp", "unit": "ns"}, {"name": "k", "type": "string"},
      {"name": "x", "type": "float64", "nullable": true}, {"name": "b", "type": "bool"},
      {"name": "n", "type": "int64"}, {"name": "s", "type": "string", "nullable": true}],
      "event_time": "t", "key": "k"}, "steps": []})";
  std::string text = R"({"version": 1, "inputs": [)";
  for (std::uint32_t i = 0; i < inputs; ++i) {
    text += (i > 0 ? "," : "") + std::string(R"({"grace_ns": )") + std::to_string(kGrace) +
            R"(, "plan": )" + leaf + "}";
  }
  return Plan::parse(text + R"(], "steps": [)" + steps + "]}").value_or_throw();
}

const char* const kStateful = R"(
    {"op": "sort_within", "grace_ns": 9},
    {"op": "with_columns", "columns": [
      {"kind": "indicator", "indicator": "ema", "inputs": ["x"], "params": {"timeperiod": 3},
       "outputs": ["ema"]},
      {"kind": "expr", "name": "before", "expr": {"fn": "shift", "args": [{"col": "s"}, 1]}}]})";

struct Results {
  std::vector<std::pair<record::TaskId, std::int64_t>> places;
  record::Rejects rejects;

  MergedTask::Give give() {
    return [this](record::RecordBatch& batch, record::Rejects& more) -> base::Status {
      for (std::size_t i = 0; i < batch.rows(); ++i) {
        places.emplace_back(batch.origin(i), batch.offset_values()[i]);
      }
      rejects.insert(rejects.end(), more.begin(), more.end());
      return {};
    };
  }
};

std::vector<std::byte> saved(const MergedTask& task) {
  base::ByteWriter writer;
  task.snapshot(writer);
  return std::move(writer).take();
}

struct Run {
  Digest digest;
  Results results;
};

Run run(const Plan& plan, const std::vector<Course>& courses, std::minstd_rand& random,
        bool through_snapshots) {
  Run run;
  MergedTask task = MergedTask::create(plan, true).value_or_throw();
  std::vector<pipeline::Merge::Channel> channels;
  const auto open_all = [&] {
    channels.clear();
    for (const Course& course : courses) channels.push_back(task.merge().open(course.place));
  };
  open_all();
  play(
      courses, random,
      [&](std::size_t c, std::size_t first, std::size_t rows, bool last) {
        if (rows > 0) task.merge().add(channels[c], rows_of(courses[c], first, rows), nullptr);
        if (last) task.merge().end(channels[c]);
      },
      [&](std::size_t piece) {
        task.advance(run.results.give()).throw_if_error();
        if (!through_snapshots || piece % 5 != 2) return;
        const std::vector<std::byte> bytes = saved(task);
        task = MergedTask::create(plan, true).value_or_throw();
        base::ByteReader reader(bytes);
        task.restore(reader).throw_if_error();
        REQUIRE(reader.remaining() == 0);
        REQUIRE(saved(task) == bytes);
        open_all();
      });
  task.finish(run.results.give()).throw_if_error();
  run.digest = task.digest();
  return run;
}

}  // namespace

TEST_CASE("merged task: the same digest however rows arrive, are cut, and through snapshots") {
  std::minstd_rand random(31);
  for (int round = 0; round < 20; ++round) {
    const std::uint32_t inputs = 1 + static_cast<std::uint32_t>(round % 3);
    const Plan plan = plan_of(inputs, kStateful);
    const std::vector<Course> courses = random_courses(random, inputs, 3, 150, kGrace);
    const Run first = run(plan, courses, random, false);
    REQUIRE(first.digest.rows() > 100);
    for (int again = 0; again < 4; ++again) {
      const Run other = run(plan, courses, random, again % 2 == 1);
      REQUIRE(other.digest.rows() == first.digest.rows());
      REQUIRE(other.digest.columns() == first.digest.columns());
      REQUIRE(other.results.places == first.results.places);
      REQUIRE(other.results.rejects.size() == first.results.rejects.size());
    }
  }
}

TEST_CASE("merged task: state is that of a key in all partitions") {
  const Plan plan = plan_of(1, R"({"op": "with_columns", "columns": [{"kind": "expr",
      "name": "before", "expr": {"fn": "shift", "args": [{"col": "n"}, 1]}}]})");
  MergedTask task = MergedTask::create(plan, false).value_or_throw();
  std::vector<Course> courses;
  for (std::int32_t p = 0; p < 7; ++p) {  // key_at: the same keys in each, a row later
    courses.push_back({.place = {.input = 0, .topic = "t0", .partition = p},
                       .times = {100 + p, 200 + p, 300 + p}});
  }
  for (const Course& course : courses) {
    const auto channel = task.merge().open(course.place);
    task.merge().add(channel, rows_of(course, 0, 3), nullptr);
  }
  std::map<std::string, std::int64_t> before;
  const auto check = [&](record::RecordBatch& batch, record::Rejects&) -> base::Status {
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const record::Column& keys = batch.column(1);
      const std::string key(keys.dictionary->text(keys.values<std::int32_t>()[i]));
      const record::Column& shifted = batch.column(batch.columns().size() - 1);
      REQUIRE(shifted.is_valid(i) == before.contains(key));
      if (before.contains(key)) CHECK(shifted.values<std::int64_t>()[i] == before[key]);
      before[key] = batch.column(4).values<std::int64_t>()[i];
    }
    return {};
  };
  task.finish(check).throw_if_error();
  CHECK(before.size() == 7);
}

TEST_CASE("merged task: a dead letter has the place and the values of its own row") {
  const Plan plan = plan_of(2, R"({"op": "validate", "rules": [{"name": "odd", "expr": {"fn": "~",
      "args": [{"fn": "==", "args": [{"col": "b"}, false]}]}}]})");
  std::minstd_rand random(33);
  const std::vector<Course> courses = random_courses(random, 2, 2, 60, kGrace);
  const Run done = run(plan, courses, random, false);
  REQUIRE(done.results.rejects.size() > 20);
  std::set<std::pair<record::TaskId, std::int64_t>> seen;
  for (const record::Reject& reject : done.results.rejects) {
    CHECK(reject.offset % 2 == 0);
    CHECK(reject.value.find("\"n\":" + std::to_string(-reject.offset)) != std::string::npos);
    CHECK(reject.key == key_at(reject.task.partition, reject.offset));
    seen.emplace(reject.task, reject.offset);
  }
  CHECK(done.results.rejects.size() + done.results.places.size() ==
        expected_order(courses, kGrace).size());
}

TEST_CASE("merged task: what is held in the merge and behind it, by partition") {
  const Plan plan = plan_of(1, R"({"op": "sort_within", "grace_ns": 50})");
  MergedTask task = MergedTask::create(plan, false).value_or_throw();
  const Course slow{.place = {.input = 0, .topic = "t0", .partition = 0}, .times = {100, 160}};
  const Course fast{.place = {.input = 0, .topic = "t0", .partition = 1},
                    .times = {101, 110, 170, 400}};
  for (const Course* course : {&slow, &fast}) {
    const auto channel = task.merge().open(course->place);
    task.merge().add(channel, rows_of(*course, 0, course->times.size()), nullptr);
  }
  Results results;
  task.advance(results.give()).throw_if_error();
  ops::HeldOffsets held;
  task.note_held(held);
  CHECK(results.places.empty());
  CHECK(held.first(task_of(slow.place)) == 0);
  CHECK(held.first(task_of(fast.place)) == 0);
  task.finish(results.give()).throw_if_error();
  CHECK(results.places.size() == 6);
  ops::HeldOffsets nothing;
  task.note_held(nothing);
  CHECK(nothing.first(task_of(slow.place)) == ops::HeldOffsets::kNothing);
}

TEST_CASE("merged task: an open window holds the records that it is made of, and what came after") {
  const Plan plan = plan_of(1, R"({"op": "window", "group": [],
      "window": {"kind": "fixed", "size_ns": 100, "hop_ns": 100, "offset_ns": 0},
      "aggregates": [{"kind": "count", "name": "rows", "columns": [], "params": []}],
      "grace_ns": 0, "on_late": "count", "on_full": "evict_oldest",
      "start": "start", "end": "end"})");
  MergedTask task = MergedTask::create(plan, false).value_or_throw();
  std::vector<Course> courses;
  for (std::int32_t p = 0; p < 2; ++p) {
    Course course{.place = {.input = 0, .topic = "t0", .partition = p}, .times = {}};
    for (std::int64_t row = 0; row < 4'000; ++row) course.times.push_back(2 * row + p);
    const auto channel = task.merge().open(course.place);
    task.merge().add(channel, rows_of(course, 0, 4'000), nullptr);
    courses.push_back(std::move(course));
  }
  Results results;
  task.advance(results.give()).throw_if_error();
  CHECK(results.places.size() == 79);  // up to 7900
  ops::HeldOffsets held;
  task.note_held(held);
  for (const Course& course : courses) {
    const std::int64_t first = held.first(task_of(course.place));
    CHECK(first <= 3'950);  // of time 7900
    CHECK(first > 3'950 - 2 * static_cast<std::int64_t>(pipeline::OffsetLedger::kRows));
  }
  task.stop(results.give()).throw_if_error();
  CHECK(results.places.size() == 79);
  task.finish(results.give()).throw_if_error();
  CHECK(results.places.size() == 80);
  ops::HeldOffsets nothing;
  task.note_held(nothing);
  CHECK(nothing.first(task_of(courses[0].place)) == ops::HeldOffsets::kNothing);
}
