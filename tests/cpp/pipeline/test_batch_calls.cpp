#include <headrace/pipeline/batch_calls.hpp>

#include <atomic>
#include <thread>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace std::chrono_literals;
using pipeline::BatchCalls;
using record::RecordBatch;
using Clock = std::chrono::steady_clock;

namespace {

record::BatchPtr bars() {
  return std::make_shared<const RecordBatch>(test::whole(test::some_bars()));
}

RecordBatch rows_of(const pipeline::Frame& frame) {
  return {frame.schema, frame.rows, frame.columns};
}

// Answers every call until the counter is closed.
struct Server {
  explicit Server(BatchCalls& calls)
      : thread([&calls] {
          while (!calls.closed()) {
            if (auto call = calls.take(20ms)) calls.answer(call->id, rows_of(call->frame));
          }
        }) {}
  ~Server() { thread.join(); }
  std::thread thread;
};

}  // namespace

TEST_CASE("many threads get each their own answer") {
  BatchCalls calls;
  {
    const Server server(calls);
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (std::size_t k = 1; k <= 4; ++k) {
      threads.emplace_back([&, k] {
        const test::Table table = test::some_bars();
        for (int i = 0; i < 200; ++i) {
          const auto batch = std::make_shared<const RecordBatch>(test::batch_of(table, 0, k));
          const BatchCalls::Answer answer = calls.call(batch);
          if (answer && answer->rows() == k) ++good;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 800);
    CHECK_FALSE(calls.busy());
    calls.close();
  }
}

TEST_CASE("what is taken has its rows, their place and the words they need") {
  test::Table table = test::some_bars();
  const auto words = std::make_shared<record::Dictionary>();
  for (int i = 0; i < 1000; ++i) (void)words->intern("other" + std::to_string(i));
  std::vector<record::DictionaryPtr> dictionaries(5, std::make_shared<record::Dictionary>());
  dictionaries[1] = words;
  RecordBatch batch = test::batch_of(table, 0, 5, dictionaries);
  batch.task = {.topic = 2, .partition = 7};
  BatchCalls calls;
  std::thread caller([&] { (void)calls.call(std::make_shared<const RecordBatch>(batch)); });
  const auto call = calls.take(10s);
  REQUIRE(call);
  CHECK(calls.busy());
  CHECK(call->frame.rows == 5);
  CHECK(call->frame.partitions->as<std::int32_t>()[4] == 7);
  CHECK(call->frame.topics->as<std::int32_t>()[0] == 2);
  CHECK(call->frame.offsets->as<std::int64_t>()[3] == 1003);
  const record::Column& tickers = call->frame.columns[1];
  CHECK(tickers.dictionary->size() == 2);
  CHECK(test::cell_of(tickers, 3) == test::Cell("IBM"));
  calls.answer(call->id, base::invalid_argument("no"));
  caller.join();
}

TEST_CASE("a stop gives up what does not return, and what is answered later is thrown away") {
  BatchCalls calls;
  std::thread late([&] {
    const auto call = calls.take(10s);
    REQUIRE(call);
    calls.give_up_at(Clock::now() + 30ms);
  });
  const BatchCalls::Answer answer = calls.call(bars());
  late.join();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == base::ErrorCode::kCancelled);
  calls.answer(0, rows_of({}));
  CHECK_FALSE(calls.call(bars()));  // at once
  CHECK_FALSE(calls.take(0ms));     // and it is not waiting any more
}

TEST_CASE("an earlier deadline counts, a later one does not") {
  BatchCalls calls;
  calls.give_up_at(Clock::now() - 1s);
  calls.give_up_at(Clock::now() + 1h);
  CHECK_FALSE(calls.call(bars()));
}

TEST_CASE("closed, nobody waits") {
  BatchCalls calls;
  std::thread closer([&] {
    std::this_thread::sleep_for(10ms);
    calls.close();
  });
  CHECK_FALSE(calls.call(bars()));
  closer.join();
  CHECK_FALSE(calls.take(10s));
  CHECK(calls.closed());
}
