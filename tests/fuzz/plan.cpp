// Plans: what is refused is refused in words; what is accepted runs, gives the same results and
// state however its records are cut, and goes on from its own snapshot.
#include <array>

#include <headrace/decode/decoder.hpp>
#include <headrace/pipeline/plan.hpp>
#include <headrace/pipeline/task.hpp>

#include "fuzz_check.hpp"

namespace {

using namespace headrace;
using fuzz::require;
using pipeline::Plan;
using pipeline::Task;

// Their fields are those of the seeds; whatever a plan asks for beside them makes them rejects.
constexpr std::array<std::string_view, 6> kRecords{
    R"({"Date":"2024-01-02T09:30:00Z","Ticker":"AAPL","High":2,"Low":1.5,"Volume":10,"L":[{"v":1}]})",
    R"({"Date":"2024-01-02T09:30:01Z","Ticker":"IBM","High":1.5,"Low":2.5,"Volume":20,"L":[]})",
    R"({"Date":"2024-01-02T09:30:01Z","Ticker":"AAPL","High":3,"Low":1.25,"L":[{"v":2},{"v":3}]})",
    R"({"Date":"2024-01-02T09:30:03Z","Ticker":"IBM","High":5,"Low":4.5,"Volume":-1,"L":null})",
    R"({"Date":"2024-01-02T09:30:02Z","Ticker":"AAPL","High":4,"Low":2.5,"Volume":50})",
    R"({"Date":"2024-01-02T09:30:06Z","Ticker":"AAPL","High":4,"Low":2.5,"Volume":50,"L":[{"v":2}]})"};
constexpr std::array<std::string_view, 6> kRows{
    "2024-01-02T09:30:00Z,AAPL,2,1.5,10", "2024-01-02T09:30:01Z,IBM,1.5,2.5,20",
    "2024-01-02T09:30:01Z,AAPL,3,1.25,",  "2024-01-02T09:30:03Z,IBM,5,4.5,-1",
    "2024-01-02T09:30:02Z,AAPL,4,2.5,50", "2024-01-02T09:30:06Z,AAPL,4,2.5,50"};

// The records in batches of `size`, through one builder.
std::vector<record::RecordBatch> decoded(const Plan& plan, std::size_t size) {
  auto decoder = decode::make_decoder(plan.format(), plan.input_schema(), plan.decoder_options())
                     .value_or_throw();
  decode::BatchBuilder builder(plan.input_schema(), size);
  std::vector<record::RecordBatch> batches;
  for (std::size_t i = 0; i < kRecords.size(); ++i) {
    const std::string_view record = plan.format() == "csv" ? kRows[i] : kRecords[i];
    if (!decoder->append(record, builder)) builder.commit(static_cast<std::int64_t>(i));
    if (builder.full()) batches.push_back(builder.finish());
  }
  batches.push_back(builder.finish());
  return batches;
}

std::vector<std::byte> saved(const Task& task) {
  base::ByteWriter writer;
  task.snapshot(writer);
  return std::move(writer).take();
}

struct Course {
  Task task;
  record::Rejects rejects;
  bool failed = false;  // an error ends a stream: what came before it is not compared

  void feed(record::RecordBatch batch) { failed = failed || !task.process(batch, rejects).ok(); }
  void end() {
    record::RecordBatch batch;
    failed = failed || !task.finish(batch, rejects).ok();
  }
};

Course fresh(const Plan& plan) { return {.task = Task::create(plan, true).value_or_throw()}; }

void restart(Course& course, const Plan& plan, std::string_view text) {
  const std::vector<std::byte> bytes = saved(course.task);
  Task next = Task::create(plan, true).value_or_throw();
  base::ByteReader reader(bytes);
  require(next.restore(reader).ok() && reader.remaining() == 0, "its own state is taken", text);
  require(saved(next) == bytes, "the same state after a restart", text);
  course.task = std::move(next);
}

void run(const Plan& plan, std::string_view text) {
  Course whole = fresh(plan);
  for (record::RecordBatch& batch : decoded(plan, kRecords.size())) whole.feed(std::move(batch));
  whole.end();
  Course pieces = fresh(plan);
  for (record::RecordBatch& batch : decoded(plan, 1)) {
    pieces.feed(std::move(batch));
    if (!pieces.failed) restart(pieces, plan, text);
  }
  pieces.end();
  require(whole.failed == pieces.failed, "the same end however cut", text);
  if (whole.failed) return;
  require(saved(whole.task) == saved(pieces.task), "the same results however cut", text);
  require(whole.rejects.size() == pieces.rejects.size(), "the same rejects however cut", text);
  for (std::size_t i = 0; i < whole.rejects.size(); ++i) {
    require(whole.rejects[i].detail == pieces.rejects[i].detail &&
                whole.rejects[i].offset == pieces.rejects[i].offset,
            "the same rejects however cut", text);
  }
}

void check(const Plan& plan, std::string_view text) {
  require(plan.output_schema() != nullptr, "a plan has columns", text);
  if (plan.is_merge()) {
    require(plan.make_merge().has_value(), "its merge can be made again", text);
    for (const pipeline::PlanInput& input : plan.inputs()) check(*input.plan, text);
    return;
  }
  run(plan, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> exact(data, data + size);
  const std::string_view text = fuzz::view_of(exact);
  const base::Result<Plan> plan = Plan::parse(text);
  if (plan) {
    check(*plan, text);
  } else {
    require(!plan.error().message.empty(), "refused in words", text);
  }
  return 0;
}
