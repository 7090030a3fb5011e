// What comes out of windows, when, and what is said of rows that are not in them. That results do
// not depend on batches is for test_step_conformance.cpp, that they are right for tests/agreement.
#include <headrace/ops/window/window_operator.hpp>

#include <limits>

#include "catch.hpp"
#include "ops/bars.hpp"
#include "ops/windows.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::OnFull;
using ops::OnLate;
using ops::WindowArgs;

namespace {

struct Tick {
  std::int64_t at;
  std::string ticker = "A";
  std::int64_t volume = 1;
};

Table ticks(const std::vector<Tick>& rows) {
  std::vector<Bar> made;
  for (const Tick& tick : rows) made.push_back({tick.at, tick.ticker, 2, 1, tick.volume});
  return bars(made);
}

WindowArgs args(decltype(WindowArgs::window) window, std::int64_t grace = 0) {
  WindowArgs made;
  made.window = std::move(window);
  made.group = {"Ticker"};
  made.aggregates = {call("sum", {"Volume"})};
  made.grace = grace;
  return made;
}

// "A[0,10)=3" for each row; "?" behind one that is not final.
std::vector<std::string> texts(const record::RecordBatch& batch) {
  const bool updates = batch.schema()->index_of("is_final") >= 0;
  std::vector<std::string> found;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const auto number = [&](std::string_view name) {
      return std::to_string(std::get<std::int64_t>(*cells_of(batch, name)[row]));
    };
    const bool is_final = !updates || std::get<bool>(*cells_of(batch, "is_final")[row]);
    found.push_back(std::get<std::string>(*cells_of(batch, "Ticker")[row]) + "[" +
                    number("window_start") + "," + number("window_end") +
                    ")=" + number("sum_Volume") + (is_final ? "" : "?"));
  }
  return found;
}

using Texts = std::vector<std::string>;

// What comes out at each row, which is fed alone, and at last at the end.
struct Run {
  std::vector<Texts> out;
  record::Rejects rejects;
  ops::OperatorPtr op;
};

Run run(const std::vector<Tick>& rows, WindowArgs how) {
  const Table table = ticks(rows);
  Run made{.out = {}, .rejects = {}, .op = window_step(table.schema, std::move(how))};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    record::RecordBatch batch = batch_of(table, row, row + 1);
    made.op->process(batch, made.rejects).throw_if_error();
    made.out.push_back(texts(batch));
  }
  record::RecordBatch last = batch_of(table, rows.size(), rows.size());
  made.op->finish(last, made.rejects).throw_if_error();
  made.out.push_back(texts(last));
  return made;
}

Texts flat(const Run& run) {
  Texts all;
  for (const Texts& texts : run.out) all.insert(all.end(), texts.begin(), texts.end());
  return all;
}

using Steps = std::vector<Texts>;

}  // namespace

// -- when windows close

TEST_CASE("a window closes with the record that brings the watermark to its end") {
  CHECK(run({{1}, {9}, {10}, {19}, {25}}, args(slices(10))).out ==
        Steps{{}, {}, {"A[0,10)=2"}, {}, {"A[10,20)=2"}, {"A[20,30)=1"}});
  CHECK(run({{1}, {10}, {12}, {9}, {13}}, args(slices(10), 3)).out ==
        Steps{{}, {}, {}, {}, {"A[0,10)=2"}, {"A[10,20)=3"}});
}

TEST_CASE("windows that close at one record come by end, then as their groups first came") {
  CHECK(run({{1, "C"}, {2, "A"}, {11, "B"}, {12, "C"}, {13, "A"}, {50, "A"}}, args(slices(10), 5))
            .out[5] == Texts{"C[0,10)=1", "A[0,10)=1", "C[10,20)=1", "A[10,20)=1", "B[10,20)=1"});
}

TEST_CASE("windows before 1970 and empty stretches of time") {
  CHECK(flat(run({{-15}, {-1}, {0}, {1'000}}, args(slices(10)))) ==
        Texts{"A[-20,-10)=1", "A[-10,0)=1", "A[0,10)=1", "A[1000,1010)=1"});
}

TEST_CASE("a record is in every window over its instant") {
  CHECK(flat(run({{5}, {12}, {40}}, args(slices(20, 10)))) ==
        Texts{"A[-10,10)=1", "A[0,20)=2", "A[10,30)=1", "A[30,50)=1", "A[40,60)=1"});
  CHECK(flat(run({{5}}, args(slices(10, 4)))) == Texts{"A[-4,6)=1", "A[0,10)=1", "A[4,14)=1"});
}

TEST_CASE("a record that is late for some of its windows is in the others") {
  const Run late = run({{5}, {12}, {6}, {40}}, args(slices(20, 10)));
  CHECK(flat(late) == Texts{"A[-10,10)=1", "A[0,20)=3", "A[10,30)=1", "A[30,50)=1", "A[40,60)=1"});
  CHECK(late.op->late() == 0);
}

TEST_CASE("sessions grow, meet, and end a gap after their last record") {
  const WindowArgs sessions = args(ops::SessionWindows{10}, 20);
  CHECK(flat(run({{0}, {15}, {8}, {25}}, sessions)) == Texts{"A[0,25)=3", "A[25,35)=1"});
  CHECK(flat(run({{0}, {10}, {30}}, sessions)) == Texts{"A[0,10)=1", "A[10,20)=1", "A[30,40)=1"});
  CHECK(run({{0, "B"}, {1, "A"}, {0, "A"}, {32, "A"}}, sessions).out ==
        Steps{{}, {}, {}, {"B[0,10)=1", "A[0,11)=2"}, {"A[32,42)=1"}});
}

TEST_CASE("many open sessions of one group do not make closing them slow") {
  std::vector<Tick> rows;
  for (std::int64_t i = 0; i < 2'000; ++i) rows.push_back({i * 10});
  const Run made = run(rows, args(ops::SessionWindows{5}, 100));  // some twenty at a time
  CHECK(flat(made).size() == 2'000);
}

TEST_CASE("windows of records close with the one that fills them, whatever its time") {
  CHECK(run({{5}, {3, "B"}, {1}, {9}}, args(ops::CountWindows{2})).out ==
        Steps{{}, {}, {"A[1,5)=2"}, {}, {"A[9,9)=1", "B[3,3)=1"}});
  CHECK(run({{1, "A", 4}, {2, "A", 7}, {3, "A", 30}, {4, "A", 0}},
            args(ops::MeasureWindows{{"Volume"}, 10}))
            .out == Steps{{}, {"A[1,2)=11"}, {"A[3,3)=30"}, {}, {"A[4,4)=0"}});
  CHECK(flat(run({{1, "A", 4}, {2, "A", 3}}, args(ops::MeasureWindows{{"High", "Volume"}, 14}))) ==
        Texts{"A[1,2)=7"});
}

TEST_CASE("a sliding window has a result for every record") {
  CHECK(flat(run({{0}, {4}, {9}, {10}, {25}}, args(ops::SlidingWindows{10, 0}))) ==
        Texts{"A[0,0)=1", "A[4,4)=2", "A[9,9)=3", "A[10,10)=3", "A[25,25)=1"});
  CHECK(flat(run({{0}, {0, "B"}, {1}, {2}}, args(ops::SlidingWindows{0, 2}))) ==
        Texts{"A[0,0)=1", "B[0,0)=1", "A[1,1)=2", "A[2,2)=2"});
}

TEST_CASE("one window over all time closes at the end alone") {
  CHECK(run({{5}, {-100}, {1'000'000}}, args(ops::Slices::all())).out ==
        Steps{{}, {}, {}, {"A[-100,1000000)=3"}});
}

TEST_CASE("at the ends of time nothing is lost and nothing hangs") {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  const std::vector<Tick> rows{{kMin}, {kMin + 3}, {kMax - 100}, {kMax - 2}};
  for (const auto& [window, results] :
       std::vector<std::pair<decltype(WindowArgs::window), std::size_t>>{
           {slices(10), 3},
           {slices(25, 10), 6},
           {ops::SessionWindows{5}, 3},
           {ops::CountWindows{2}, 2}}) {
    const Run made = run(rows, args(window));
    CHECK(flat(made).size() == results);
    CHECK(made.op->first_held() == ops::Operator::kNothingHeld);
    CHECK(made.op->late() == 0);
  }
}

// -- the end of a run

TEST_CASE("what is open comes out at the end of a stream, but not when it is stopped") {
  const Table table = ticks({{1}, {2}});
  const ops::OperatorPtr op = window_step(table.schema, args(slices(10)));
  record::Rejects rejects;
  record::RecordBatch batch = whole(table);
  REQUIRE(op->stop(batch, rejects));
  CHECK(batch.rows() == 0);
  CHECK(op->first_held() == 1000);  // from there it is read again
  record::RecordBatch last = batch_of(table, 2, 2);
  REQUIRE(op->finish(last, rejects));
  CHECK(texts(last) == Texts{"A[0,10)=2"});
  CHECK(op->first_held() == ops::Operator::kNothingHeld);
  CHECK(op->holds_rows());
}

TEST_CASE("the offset of a result is that of the newest record in it") {
  const Table table = ticks({{1}, {3}, {2, "B"}, {11}});
  const ops::OperatorPtr op = window_step(table.schema, args(slices(10)));
  const Outcome outcome = outcome_of(*op, table);
  CHECK(outcome.offsets == std::vector<std::int64_t>{1001, 1002, 1003});
  CHECK(outcome.event_times == std::vector<std::int64_t>{0, 0, 10});
}

// -- late rows

TEST_CASE("late rows are counted, or become dead letters that say what is closed") {
  const std::vector<Tick> rows{{5}, {25}, {7}, {26, "B"}, {8, "B"}};
  const Run counted = run(rows, args(slices(10), 5));
  CHECK(counted.op->late() == 2);
  CHECK(counted.rejects.empty());
  CHECK(flat(counted) == Texts{"A[0,10)=1", "A[20,30)=1", "B[20,30)=1"});
  WindowArgs aside = args(slices(10), 5);
  aside.on_late = OnLate::kSideOutput;
  const Run set_aside = run(rows, aside);
  CHECK(set_aside.op->late() == 0);
  REQUIRE(set_aside.rejects.size() == 2);
  CHECK(set_aside.rejects[0].reason == record::RejectReason::kLate);
  CHECK(set_aside.rejects[0].offset == 1002);
  CHECK(set_aside.rejects[0].behind_ns == 18);
  CHECK(set_aside.rejects[0].field == "Date");
  CHECK(set_aside.rejects[0].detail ==
        "event time 1970-01-01T00:00:00.000000007Z: its window ended at "
        "1970-01-01T00:00:00.000000010Z and is closed; the newest is "
        "1970-01-01T00:00:00.000000025Z, grace 5ns");
}

TEST_CASE("a row is late for a session that is over, and for a sliding window before its group") {
  WindowArgs session = args(ops::SessionWindows{5}, 2);
  session.on_late = OnLate::kSideOutput;
  const Run one = run({{0}, {20}, {12}, {14}}, session);
  REQUIRE(one.rejects.size() == 1);
  CHECK(one.rejects[0].offset == 1002);
  CHECK(one.rejects[0].detail.find("a session with it ended at") != std::string::npos);
  WindowArgs sliding = args(ops::SlidingWindows{5, 0});
  sliding.on_late = OnLate::kSideOutput;
  const Run other = run({{10}, {5, "B"}, {9}, {10}}, sliding);
  REQUIRE(other.rejects.size() == 1);
  CHECK(other.rejects[0].offset == 1002);
  CHECK(flat(other) == Texts{"A[10,10)=1", "B[5,5)=1", "A[10,10)=2"});
}

TEST_CASE("a late row within the allowed lateness corrects its window, which comes out once more") {
  WindowArgs corrected = args(slices(10));
  corrected.on_late = OnLate::kUpdate;
  corrected.allowed_lateness = 10;
  const Run made = run({{5}, {12}, {7}, {19}, {8}, {20}, {9}}, corrected);
  CHECK(
      made.out ==
      Steps{
          {}, {"A[0,10)=1"}, {"A[0,10)=2"}, {}, {"A[0,10)=3"}, {"A[10,20)=2"}, {}, {"A[20,30)=1"}});
  CHECK(made.op->late() == 1);  // the last one
}

TEST_CASE("a correction comes for a window that had no record before it closed") {
  WindowArgs corrected = args(slices(10));
  corrected.on_late = OnLate::kUpdate;
  corrected.allowed_lateness = 100;
  CHECK(run({{25}, {5}, {6}}, corrected).out ==
        Steps{{}, {"A[0,10)=1"}, {"A[0,10)=2"}, {"A[20,30)=1"}});
}

TEST_CASE("hopping windows are kept as long as it takes, and only they come out") {
  WindowArgs corrected = args(slices(10, 4));
  corrected.on_late = OnLate::kUpdate;
  corrected.allowed_lateness = 7;  // no multiple of the hop
  CHECK(run({{5}, {11}, {5}, {30}}, corrected).out == Steps{{},
                                                            {"A[-4,6)=1", "A[0,10)=1"},
                                                            {"A[-4,6)=2", "A[0,10)=2"},
                                                            {"A[4,14)=3", "A[8,18)=1"},
                                                            {"A[24,34)=1", "A[28,38)=1"}});
}

// -- times that are too far ahead

TEST_CASE("a record of the year 2100 closes nothing, and three of them are believed") {
  WindowArgs skewed = args(slices(10));
  skewed.max_skew = 100;
  const Run one = run({{5}, {90'000}, {7}, {11}}, skewed);
  CHECK(one.out == Steps{{}, {}, {}, {"A[0,10)=2"}, {"A[10,20)=1"}});
  REQUIRE(one.rejects.size() == 1);
  CHECK(one.rejects[0].reason == record::RejectReason::kFuture);
  CHECK(one.rejects[0].behind_ns == -89'995);
  CHECK(one.rejects[0].detail ==
        "event time 1970-01-01T00:00:00.000090Z is 89.995us ahead of the newest "
        "(1970-01-01T00:00:00.000000005Z), max_skew 100ns");
  const Run three = run({{5}, {90'000}, {90'001}, {90'002}, {90'003}}, skewed);
  CHECK(three.rejects.size() == 2);
  CHECK(flat(three) == Texts{"A[0,10)=1", "A[90000,90010)=2"});
}

// -- too many groups

TEST_CASE("the group whose last record is oldest gives its windows out and is forgotten") {
  WindowArgs capped = args(slices(10));
  capped.max_groups = 2;
  const Run made = run({{1, "A"}, {2, "B"}, {3, "A"}, {4, "C"}, {5, "B"}, {6, "C"}}, capped);
  CHECK(made.out ==
        Steps{{}, {}, {}, {"B[0,10)=1"}, {"A[0,10)=2"}, {}, {"C[0,10)=2", "B[0,10)=1"}});
  CHECK(made.op->evicted() == 2);
}

TEST_CASE("an evicted group leaves all windows that are open") {
  for (const auto& [window, expected] : std::vector<std::pair<decltype(WindowArgs::window), Texts>>{
           {slices(20, 10), {"A[-10,10)=1", "A[0,20)=1"}},
           {ops::SessionWindows{5}, {"A[1,6)=1"}},
           {ops::CountWindows{9}, {"A[1,1)=1"}},
           {ops::SlidingWindows{5, 0}, {"B[2,2)=1"}}}) {
    WindowArgs capped = args(window);
    capped.max_groups = 1;
    const Run made = run({{1, "A"}, {2, "B"}}, capped);
    CHECK(made.out[1] == expected);
    CHECK(made.op->evicted() == 1);
  }
}

TEST_CASE("or new groups are refused, each record a dead letter") {
  WindowArgs capped = args(slices(10));
  capped.max_groups = 1;
  capped.on_full = OnFull::kReject;
  const Run made = run({{1, "A"}, {2, "B"}, {3, "A"}, {4, "B"}}, capped);
  CHECK(flat(made) == Texts{"A[0,10)=2"});
  REQUIRE(made.rejects.size() == 2);
  CHECK(made.rejects[1].reason == record::RejectReason::kGroups);
  CHECK(made.rejects[1].offset == 1003);
  CHECK(made.rejects[1].detail == "a new group where max_groups = 1 are there");
}

TEST_CASE("or they end the stream") {
  WindowArgs capped = args(ops::SessionWindows{10});
  capped.max_groups = 1;
  capped.on_full = OnFull::kRaise;
  const Table table = ticks({{1, "A"}, {2, "B"}});
  const ops::OperatorPtr op = window_step(table.schema, capped);
  record::RecordBatch batch = whole(table);
  record::Rejects rejects;
  const base::Status status = op->process(batch, rejects);
  REQUIRE_FALSE(status);
  CHECK(status.error().message ==
        "window: a new group where max_groups = 1 are there already; on_full=\"evict_oldest\" or "
        "\"reject\" goes on without some");
}

// -- results before a window closes

TEST_CASE("with updates each record gives the windows that it is in, and the final ones follow") {
  WindowArgs updates = args(slices(20, 10));
  updates.updates = true;
  CHECK(run({{5}, {12, "B"}, {22}}, updates).out ==
        Steps{{"A[-10,10)=1?", "A[0,20)=1?"},
              {"A[-10,10)=1", "B[0,20)=1?", "B[10,30)=1?"},
              {"A[0,20)=1", "B[0,20)=1", "A[10,30)=1?", "A[20,40)=1?"},
              {"A[10,30)=1", "B[10,30)=1", "A[20,40)=1"}});
  WindowArgs totals = args(ops::Slices::all());
  totals.updates = true;
  CHECK(flat(run({{5}, {3}}, totals)) == Texts{"A[5,5)=1?", "A[3,5)=2?", "A[3,5)=2"});
  WindowArgs session = args(ops::SessionWindows{10});
  session.updates = true;
  CHECK(flat(run({{5}, {8}}, session)) == Texts{"A[5,15)=1?", "A[5,18)=2?", "A[5,18)=2"});
  WindowArgs counted = args(ops::CountWindows{2});
  counted.updates = true;
  CHECK(flat(run({{5}, {8}, {9}}, counted)) ==
        Texts{"A[5,5)=1?", "A[5,8)=2", "A[9,9)=1?", "A[9,9)=1"});
}

// -- arguments

TEST_CASE("wrong arguments are said in words") {
  const Table table = ticks({{1}});
  const auto words = [&](auto change) {
    WindowArgs wrong = args(slices(10));
    wrong.schema = table.schema;
    change(wrong);
    const auto made = ops::make_window_operator(wrong);
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  CHECK(words([](auto& a) {
          a.group = {"Tikcer"};
        }).starts_with("group_by: no column \"Tikcer\"; did you mean \"Ticker\"?"));
  CHECK(words([](auto& a) {
          a.group = {"Ticker", "Ticker"};
        }) == "group_by: column \"Ticker\" is named twice");
  CHECK(words([](auto& a) { a.aggregates.clear(); }) == "agg: expected at least one aggregate");
  CHECK(words([](auto& a) {
          a.aggregates = {call("maen", {"High"})};
        }).starts_with("agg: no aggregate \"maen\"; did you mean \"mean\"?"));
  CHECK(words([](auto& a) { a.aggregates.push_back(a.aggregates[0]); }) ==
        "agg: column \"sum_Volume\" would be there twice; give the aggregate another name");
  CHECK(words([](auto& a) {
          a.aggregates[0].outputs = {"a", "b"};
        }) == "agg: sum: makes 1 columns, got 2 names");
  CHECK(words([](auto& a) { a.grace = -1; }) ==
        "window: grace, max_skew and allowed_lateness: expected lengths of time from 0");
  CHECK(words([](auto& a) { a.window = ops::SessionWindows{0}; }) ==
        "window: expected a gap above 0");
  CHECK(words([](auto& a) { a.window = ops::CountWindows{0}; }) ==
        "window: expected a number of rows above 0");
  CHECK(words([](auto& a) {
          a.window = ops::SlidingWindows{5, 5};
        }) == "window: expected a length or a number of rows above 0");
  CHECK(words([](auto& a) {
          a.window = ops::MeasureWindows{{"Volume"}, 0};
        }) == "window: expected a threshold above 0");
  CHECK(words([](auto& a) {
          a.window = ops::MeasureWindows{{"Volum"}, 1};
        }).starts_with("window: no column \"Volum\"; did you mean \"Volume\"?"));
  CHECK(words([](auto& a) {
          a.window = ops::MeasureWindows{{"Volume", "Ticker"}, 1};
        }) == "window: column \"Ticker\" is string; expected a column of numbers");
  CHECK(words([](auto& a) {
          a.window = ops::SessionWindows{5};
          a.on_late = OnLate::kUpdate;
        }) ==
        "window: on_late=\"update\" needs windows with fixed borders: tumbling, hopping or "
        "calendar ones");
  CHECK(words([](auto& a) {
          a.window = ops::SlidingWindows{5, 0};
          a.updates = true;
        }) == "window: a sliding window gives a result for every record already; leave emit= out");
  CHECK(words([](auto& a) {
          a.schema = std::make_shared<const record::Schema>(a.schema->fields());
        }).starts_with("window: needs an event time, and the stream has none"));
}
