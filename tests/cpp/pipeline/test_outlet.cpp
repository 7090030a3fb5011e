#include <headrace/pipeline/outlet.hpp>

#include <thread>

#include "batches.hpp"
#include "catch.hpp"
#include "fake_sink.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::Outlet;
using std::chrono::milliseconds;

TEST_CASE("a batch goes to frames, listener and sinks; rejects to the log and sinks") {
  const auto sink = std::make_shared<FakeSink>();
  std::size_t heard = 0;
  Outlet outlet(test_schema(), {}, {sink, sink},
                [&](const record::BatchPtr& batch) { heard += batch->rows(); });
  Partition a(0);
  REQUIRE(outlet.deliver(a.shared(5)).ok());
  REQUIRE(outlet.deliver_rejects(record::Rejects(3), {}).ok());
  CHECK(outlet.rows() == 5);
  CHECK(outlet.frames().frame(10).rows == 5);
  CHECK(heard == 5);
  CHECK(sink->rows == 10);
  CHECK(sink->rejects == 6);
  CHECK(outlet.rejects().newest().size() == 3);
  CHECK(outlet.flush(milliseconds(1)).value_or_throw());
  sink->hold_flush = true;
  CHECK_FALSE(outlet.flush(milliseconds(1)).value_or_throw());
  sink->lose = true;
  CHECK_FALSE(outlet.flush(milliseconds(1)).has_value());
}

TEST_CASE("a cancelled sink's error is the outlet's") {
  const auto sink = std::make_shared<FakeSink>();
  Outlet outlet(test_schema(), {}, {sink}, {});
  outlet.cancel();
  Partition a(0);
  CHECK(outlet.deliver(a.shared(5)).error().code == base::ErrorCode::kCancelled);
}

TEST_CASE("collecting keeps everything for one taker") {
  Outlet outlet(test_schema(), {.collect = true}, {}, {});
  Partition a(0);
  for (int i = 0; i < 3; ++i) REQUIRE(outlet.deliver(a.shared(5)).ok());
  CHECK(outlet.take_collected().rows == 15);
  CHECK_THROWS_AS(outlet.take_collected(), base::Exception);
}

TEST_CASE("every waiter is woken by the rows it waits for, or by the end") {
  Outlet outlet(test_schema(), {}, {}, {});
  Partition a(0);
  std::atomic<int> reached{0};
  std::vector<std::thread> waiters;
  for (std::uint64_t rows = 0; rows < 8; ++rows) {
    waiters.emplace_back([&, rows] {
      if (outlet.wait_rows(rows, std::chrono::seconds(30))) ++reached;
    });
  }
  for (int i = 0; i < 6; ++i) {
    REQUIRE(outlet.deliver(a.shared(1)).ok());
    std::this_thread::sleep_for(milliseconds(1));
  }
  CHECK(eventually([&] { return reached == 6; }));
  outlet.run_ended();
  for (std::thread& waiter : waiters) waiter.join();
  CHECK(reached == 6);
}
