#include <headrace/pipeline/log_calls.hpp>

#include <functional>
#include <future>
#include <thread>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace std::chrono_literals;
using pipeline::LogCalls;
using record::RecordBatch;

namespace {

const sink::Partition kStocks{"stocks", 0};

record::BatchPtr bars(std::size_t from, std::size_t to) {
  return std::make_shared<const RecordBatch>(test::batch_of(test::some_bars(), from, to));
}

sink::Position at(std::int64_t offset) {
  return {.partition = kStocks, .origin = {}, .mark = {.offset = offset, .metadata = "m"}};
}

// The interpreter's side: answers every call until the counter is closed.
class Server {
 public:
  using Answering = std::function<LogCalls::Answer(const LogCalls::Call&)>;
  Server(LogCalls& calls, Answering answering)
      : calls_(calls), thread_([&calls, answering = std::move(answering)] {
          while (!calls.closed()) {
            if (auto call = calls.take(20ms)) calls.answer(call->id, answering(*call));
          }
        }) {}
  ~Server() {
    calls_.close();
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  LogCalls& calls_;
  std::thread thread_;
};

base::Error busy(bool retriable) {
  return {.code = base::ErrorCode::kIo, .message = "busy", .retriable = retriable};
}

}  // namespace

TEST_CASE("a commit hands over what was written since begin, and nothing else") {
  LogCalls calls("the test");
  std::vector<LogCalls::Call> commits;
  {
    const Server server(calls, [&](const LogCalls::Call& call) {
      if (call.kind == LogCalls::Kind::kCommit) commits.push_back(call);
      return std::vector<sink::Mark>{};
    });
    REQUIRE(calls.init());
    REQUIRE(calls.begin());
    REQUIRE(calls.write({.origin = {}, .rows = bars(0, 2), .rejects = {}}));
    calls.renew();  // given up
    REQUIRE(calls.init());
    REQUIRE(calls.begin());
    REQUIRE(calls.write({.origin = {}, .rows = bars(0, 2), .rejects = {}}));
    REQUIRE(calls.write({.origin = {}, .rows = bars(2, 5), .rejects = {}}));
    REQUIRE(calls.send_positions("", std::vector{at(1005)}));
    REQUIRE(calls.commit());
    REQUIRE(calls.begin());
    REQUIRE(calls.commit());
  }
  REQUIRE(commits.size() == 2);
  CHECK(commits[0].outputs.size() == 2);
  REQUIRE(commits[0].positions.size() == 1);
  CHECK(commits[0].positions[0].mark == sink::Mark{.offset = 1005, .metadata = "m"});
  CHECK(commits[1].outputs.empty());
  CHECK(commits[1].positions.empty());
  const auto rows = pipeline::rows_of(commits[0].outputs);
  REQUIRE(rows);
  CHECK(rows->rows == 5);
  CHECK(rows->offsets->as<std::int64_t>()[4] == bars(4, 5)->offset_values()[0]);
  CHECK_FALSE(pipeline::rows_of(commits[1].outputs));
}

TEST_CASE("errors of the other side arrive as they are") {
  LogCalls calls("the test");
  const Server server(
      calls, [](const LogCalls::Call& call) { return busy(call.kind != LogCalls::Kind::kCommit); });
  const base::Status opened = calls.init();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message == "busy");
  CHECK(opened.error().retriable);
  const base::Status committed = calls.commit();
  REQUIRE_FALSE(committed);
  CHECK_FALSE(committed.error().retriable);
}

TEST_CASE("a mark is asked for again where that may help") {
  LogCalls calls("the test");
  int asked = 0;
  const Server server(calls, [&](const LogCalls::Call& call) -> LogCalls::Answer {
    REQUIRE(call.partitions == std::vector{kStocks});
    if (++asked == 1) return busy(true);
    if (asked > 2) return busy(false);
    return std::vector<sink::Mark>{{.offset = 7, .metadata = "seven"}};
  });
  const base::Result<sink::Mark> mark = calls.mark_of(kStocks);
  REQUIRE(mark);
  CHECK(mark->offset == 7);
  CHECK(asked == 2);
  CHECK_FALSE(calls.mark_of(kStocks));
}

TEST_CASE("as many marks as partitions, or it is an error") {
  LogCalls calls("the test");
  const Server server(calls, [](const LogCalls::Call&) { return std::vector<sink::Mark>{}; });
  const auto marks = calls.committed(std::vector{kStocks});
  REQUIRE_FALSE(marks);
  CHECK(marks.error().code == base::ErrorCode::kInternal);
}

TEST_CASE("a cancelled call is given up at once; of its late answer nobody hears") {
  LogCalls calls("the test");
  auto waiting = std::async(std::launch::async, [&] { return calls.commit(); });
  const auto taken = calls.take(10s);
  REQUIRE(taken);
  CHECK(calls.busy());
  calls.cancel();
  const base::Status status = waiting.get();
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kCancelled);
  calls.answer(taken->id, std::vector<sink::Mark>{});
  CHECK_FALSE(calls.busy());
  CHECK_FALSE(calls.init());
  CHECK_FALSE(calls.rest(10s));
  CHECK_FALSE(calls.take(0ms));  // what was given up is not handed over
}

TEST_CASE("without anybody who answers, calls end") {
  LogCalls calls("the test");
  auto waiting = std::async(std::launch::async, [&] { return calls.init(); });
  calls.close();
  CHECK_FALSE(waiting.get());
  CHECK(calls.closed());
  CHECK(calls.trouble().empty());
}
