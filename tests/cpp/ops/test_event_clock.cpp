#include <headrace/ops/window/event_clock.hpp>

#include <initializer_list>
#include <limits>
#include <vector>

#include "catch.hpp"

using namespace headrace;
using ops::EventClock;

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::vector<bool> accepted(EventClock& clock, std::initializer_list<std::int64_t> times) {
  std::vector<bool> answers;
  for (const std::int64_t time : times) answers.push_back(clock.accept(time));
  return answers;
}

using Answers = std::vector<bool>;

}  // namespace

TEST_CASE("the watermark is the newest time minus the grace, and never goes back") {
  EventClock clock(10, 100);
  CHECK(clock.watermark() == kMin);
  CHECK(accepted(clock, {50, 40, 70, 20}) == Answers{true, true, true, true});
  CHECK(clock.newest() == 70);
  CHECK(clock.watermark() == 60);
}

TEST_CASE("one record or two from far ahead change nothing; the third in a row is believed") {
  EventClock clock(0, 100);
  CHECK(accepted(clock, {0, 100, 201}) == Answers{true, true, false});
  CHECK(clock.newest() == 100);
  CHECK(accepted(clock, {9'000, 9'050, 101}) == Answers{false, false, true});
  CHECK(clock.newest() == 101);  // a record in time breaks the row
  CHECK(accepted(clock, {9'000, 9'050, 8'960}) == Answers{false, false, true});
  CHECK(clock.newest() == 8'960);
  CHECK(accepted(clock, {9'060, 200}) == Answers{true, true});
}

TEST_CASE("records that are far ahead of each other do not vouch for each other") {
  EventClock clock(0, 100);
  CHECK(accepted(clock, {0, 1'000, 2'000, 3'000, 4'000}) ==
        Answers{true, false, false, false, false});
  CHECK(accepted(clock, {4'100, 4'000}) == Answers{false, true});
}

TEST_CASE("the first record is believed, whenever it is; without max_skew every record") {
  EventClock first(0, 1);
  CHECK(accepted(first, {kMax, 0}) == Answers{true, true});
  EventClock any(5, {});
  CHECK(accepted(any, {-1'000, 0, kMax, 3}) == Answers{true, true, true, true});
  CHECK(any.watermark() == kMax - 5);
  EventClock lowest(5, {});
  CHECK(accepted(lowest, {kMin, kMin + 1}) == Answers{true, true});
  CHECK(lowest.watermark() == kMin);  // and not beyond it
}

TEST_CASE("a restored clock goes on as the one that was saved, also amid far records") {
  const std::vector<std::int64_t> times{0, 50, 900, 950, 60, 990, 980, 970, 1'070, 2'000, 500};
  for (std::size_t at = 0; at <= times.size(); ++at) {
    EventClock whole(10, 100);
    EventClock before(10, 100);
    for (std::size_t i = 0; i < at; ++i) {
      (void)whole.accept(times[i]);
      (void)before.accept(times[i]);
    }
    base::ByteWriter writer;
    before.snapshot(writer);
    EventClock after(10, 100);
    base::ByteReader reader(writer.bytes());
    REQUIRE(after.restore(reader));
    for (std::size_t i = at; i < times.size(); ++i) {
      CHECK(after.accept(times[i]) == whole.accept(times[i]));
      CHECK(after.watermark() == whole.watermark());
    }
  }
}

TEST_CASE("a clock with more records ahead than it would wait for is refused") {
  for (const std::int32_t ahead : {-1, 3, std::numeric_limits<std::int32_t>::max()}) {
    base::ByteWriter writer;
    writer.put(std::int64_t{5});
    writer.put(std::int64_t{7});
    writer.put(ahead);
    base::ByteReader reader(writer.bytes());
    EventClock clock(10, 100);
    CHECK_FALSE(clock.restore(reader));
  }
}
