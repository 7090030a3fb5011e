#include <headrace/pipeline/merge.hpp>

#include <random>
#include <span>

#include "catch.hpp"
#include "pipeline/merging.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::Merge;

namespace {

Merge merge_of(std::uint32_t inputs, std::int64_t grace) {
  return Merge(std::vector<Merge::Input>(inputs, {.schema = test_schema(), .grace_ns = grace}));
}

std::vector<Merge::Channel> opened(Merge& merge, const std::vector<Course>& courses) {
  std::vector<Merge::Channel> channels;
  for (const Course& course : courses) channels.push_back(merge.open(course.place));
  return channels;
}

void take_all(Merge& merge, std::vector<Left>& left) {
  Merge::Due due;
  while (merge.take(due)) note_left(due, left);
}

std::vector<std::byte> saved(const Merge& merge) {
  base::ByteWriter writer;
  merge.snapshot(writer);
  return std::move(writer).take();
}

Merge restored(const std::vector<std::byte>& bytes, std::uint32_t inputs, std::int64_t grace) {
  Merge merge = merge_of(inputs, grace);
  base::ByteReader reader(bytes);
  merge.restore(reader).throw_if_error();
  REQUIRE(reader.remaining() == 0);
  return merge;
}

Course course_of(std::int32_t partition, std::vector<std::int64_t> times) {
  return {.place = {.input = 0, .topic = "t0", .partition = partition}, .times = std::move(times)};
}

void add(Merge& merge, Merge::Channel channel, const Course& course, std::size_t first,
         std::size_t rows) {
  merge.add(channel, rows_of(course, first, rows), nullptr);
}

std::vector<std::int64_t> times_of(const std::vector<Left>& left) {
  std::vector<std::int64_t> times;
  for (const Left& row : left) times.push_back(row.time);
  return times;
}

}  // namespace

TEST_CASE("merge: the same order however rows arrive and are cut, and through a snapshot") {
  std::minstd_rand random(21);
  for (int round = 0; round < 60; ++round) {
    const std::uint32_t inputs = 1 + static_cast<std::uint32_t>(random() % 3);
    const auto grace = static_cast<std::int64_t>(random() % 30);
    const std::vector<Course> courses = random_courses(random, inputs, 3, 200, grace);
    const std::vector<Left> expected = expected_order(courses, grace);
    for (int arrival = 0; arrival < 3; ++arrival) {
      Merge merge = merge_of(inputs, grace);
      std::vector<Merge::Channel> channels = opened(merge, courses);
      std::vector<Left> left;
      play(
          courses, random,
          [&](std::size_t c, std::size_t first, std::size_t rows, bool last) {
            if (rows > 0) add(merge, channels[c], courses[c], first, rows);
            if (last) merge.end(channels[c]);
          },
          [&](std::size_t piece) {
            take_all(merge, left);
            if (piece % 7 != 3) return;
            const std::vector<std::byte> bytes = saved(merge);
            merge = restored(bytes, inputs, grace);
            REQUIRE(saved(merge) == bytes);
            channels = opened(merge, courses);  // they are found by their places
          });
      REQUIRE(merge.held() == 0);
      REQUIRE(left == expected);
    }
  }
}

TEST_CASE("merge: values of every type leave as they came") {
  Merge merge = merge_of(1, 0);
  Course course = course_of(4, {});
  for (std::int64_t offset = 0; offset < 300; ++offset) course.times.push_back(offset);
  const Merge::Channel channel = merge.open(course.place);
  for (std::size_t first = 0; first < 300; first += 50) add(merge, channel, course, first, 50);
  merge.end(channel);
  Merge::Due due;
  REQUIRE(merge.take(due));
  const record::RecordBatch& batch = due.inputs.front();
  REQUIRE(batch.rows() == 300);
  for (std::size_t row = 0; row < 300; ++row) {
    const auto offset = static_cast<std::int64_t>(row);
    const auto text = [&](std::size_t c) {
      return batch.column(c).dictionary->text(batch.column(c).values<std::int32_t>()[row]);
    };
    REQUIRE(text(1) == key_at(4, offset));
    REQUIRE(batch.column(2).is_valid(row) == x_present(offset));
    REQUIRE(batch.column(4).values<std::int64_t>()[row] == -offset);
    REQUIRE(batch.column(5).is_valid(row) == s_present(offset));
    if (s_present(offset)) REQUIRE(text(5) == s_at(offset));
  }
  CHECK_FALSE(merge.take(due));
}

TEST_CASE("merge: nothing leaves before the slowest channel is beyond it, strictly") {
  Merge merge = merge_of(1, 10);
  const std::vector<Course> courses{course_of(0, {100, 105, 130}), course_of(1, {101, 114, 115})};
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  std::vector<Left> left;
  add(merge, channels[0], courses[0], 0, 3);
  take_all(merge, left);
  CHECK(left.empty());  // nothing is known of the other one
  CHECK(merge.slowest() == channels[1]);
  add(merge, channels[1], courses[1], 0, 1);
  take_all(merge, left);
  CHECK(left.empty());
  add(merge, channels[1], courses[1], 1, 1);  // 114 - 10: 104 may still come
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{100, 101});
  add(merge, channels[1], courses[1], 2, 1);  // 105 may still come, and be first by its offset
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{100, 101});
  CHECK(merge.watermark() == 105);
  merge.end(channels[1]);
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{100, 101, 105, 114, 115});
  CHECK(merge.held() == 1);
  merge.end_all();
  take_all(merge, left);
  CHECK(merge.held() == 0);
  CHECK(merge.ended());
}

TEST_CASE("merge: what a channel has read counts, though its steps let no row pass") {
  Merge merge = merge_of(1, 0);
  const std::vector<Course> courses{course_of(0, {1, 2, 3}), course_of(1, {5, 6, 7})};
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  add(merge, channels[0], courses[0], 0, 3);
  record::RecordBatch seen = rows_of(courses[1], 0, 3);
  const record::BufferPtr offsets = seen.offsets;
  const record::BufferPtr times = seen.event_times;
  const Merge::Read read{.offsets = {offsets->as<std::int64_t>(), 3},
                         .times = {times->as<std::int64_t>(), 3}};
  seen.gather({});
  merge.add(channels[1], seen, &read);
  std::vector<Left> left;
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{1, 2});  // one more of 3 may come
}

TEST_CASE("merge: a row that passed is late by what was read before it, not by what passed") {
  Merge merge = merge_of(1, 5);
  const std::vector<Course> courses{course_of(0, {50, 20, 51}), course_of(1, {30, 60})};
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  record::RecordBatch seen = rows_of(courses[0], 0, 3);
  const record::BufferPtr offsets = seen.offsets;
  const record::BufferPtr times = seen.event_times;
  const Merge::Read read{.offsets = {offsets->as<std::int64_t>(), 3},
                         .times = {times->as<std::int64_t>(), 3}};
  const std::vector<std::uint32_t> second{1};
  seen.gather(second);  // 20, whose key is 50 - 5
  merge.add(channels[0], seen, &read);
  add(merge, channels[1], courses[1], 0, 2);
  merge.end_all();
  std::vector<Left> left;
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{30, 20, 60});
}

TEST_CASE("merge: a resting channel is not waited for until its next row, which comes next") {
  Merge merge = merge_of(1, 0);
  const std::vector<Course> courses{course_of(0, {10, 20, 30, 40}), course_of(1, {15, 35})};
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  add(merge, channels[0], courses[0], 0, 3);
  merge.rest(channels[1]);
  CHECK_FALSE(merge.resting());
  std::vector<Left> left;
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{10, 20});
  add(merge, channels[1], courses[1], 0, 2);  // 15 belongs before 20, which is out
  add(merge, channels[0], courses[0], 3, 1);
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{10, 20, 15, 30});
  merge.rest(channels[0]);
  merge.rest(channels[1]);
  CHECK(merge.resting());
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{10, 20, 15, 30, 35, 40});
}

TEST_CASE("merge: nothing leaves until every source has said which partitions it has") {
  Merge merge = merge_of(1, 0);
  merge.expect(2);
  const Course course = course_of(0, {1, 2, 3});
  const Merge::Channel channel = merge.open(course.place);
  add(merge, channel, course, 0, 3);
  merge.reported();
  std::vector<Left> left;
  take_all(merge, left);
  CHECK(left.empty());
  CHECK_FALSE(merge.slowest());
  merge.reported();
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("merge: a time too far ahead does not hold back what comes after it") {
  Merge merge(
      std::vector<Merge::Input>{{.schema = test_schema(), .grace_ns = 10, .max_skew_ns = 1'000}});
  const std::vector<Course> courses{course_of(0, {100, 9'000, 105, 120}),
                                    course_of(1, {101, 110, 121})};
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  std::vector<Left> left;
  for (const std::size_t c : {0U, 1U})
    add(merge, channels[c], courses[c], 0, courses[c].times.size());
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{9'000, 100, 101, 105});
  const std::vector<std::byte> bytes = saved(merge);
  Merge back(
      std::vector<Merge::Input>{{.schema = test_schema(), .grace_ns = 10, .max_skew_ns = 1'000}});
  base::ByteReader reader(bytes);
  REQUIRE(back.restore(reader));
  CHECK(saved(back) == bytes);
}

TEST_CASE("merge: a channel is behind if others are further than its grace") {
  Merge merge = merge_of(1, 10);
  const std::vector<Course> courses{course_of(0, {100, 121}), course_of(1, {110, 111})};
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  add(merge, channels[0], courses[0], 0, 1);
  CHECK(merge.is_behind(channels[1]));  // nothing is known of it
  add(merge, channels[1], courses[1], 0, 1);
  CHECK(merge.slowest() == channels[0]);
  CHECK_FALSE(merge.is_behind(channels[0]));
  add(merge, channels[0], courses[0], 1, 1);
  CHECK(merge.slowest() == channels[1]);
  CHECK(merge.is_behind(channels[1]));
  add(merge, channels[1], courses[1], 1, 1);
  CHECK_FALSE(merge.is_behind(channels[1]));
}

TEST_CASE("merge: a closed channel takes its rows along and begins anew") {
  Merge merge = merge_of(1, 0);
  const std::vector<Course> courses{course_of(0, {1, 8, 9}), course_of(1, {4, 5, 6})};
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  add(merge, channels[0], courses[0], 0, 3);
  add(merge, channels[1], courses[1], 0, 3);
  std::vector<Left> left;
  take_all(merge, left);
  merge.close(channels[1]);
  CHECK(merge.held() == 2);
  take_all(merge, left);
  CHECK(times_of(left) == std::vector<std::int64_t>{1, 4, 5, 8});
  CHECK(merge.open(courses[1].place) == channels[1]);
  CHECK(merge.slowest() == channels[1]);
  add(merge, channels[1], courses[1], 0, 3);
  merge.end_all();
  take_all(merge, left);  // read again, they come after what is out
  CHECK(times_of(left) == std::vector<std::int64_t>{1, 4, 5, 8, 4, 5, 6, 9});
}

TEST_CASE("merge: a channel far ahead of another is to be paused, the slowest never") {
  Merge merge = merge_of(1, 0);
  std::vector<Course> courses{course_of(0, {}), course_of(1, {5})};
  for (std::size_t i = 0; i <= Merge::kAheadRows; ++i) {
    courses[0].times.push_back(static_cast<std::int64_t>(10 + i));
  }
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  const auto ahead = [&](std::size_t c, bool was) {
    return merge.is_ahead(channels[c], was, merge.watermark());
  };
  add(merge, channels[0], courses[0], 0, Merge::kAheadRows);
  CHECK_FALSE(ahead(0, false));
  CHECK(ahead(0, true));
  add(merge, channels[0], courses[0], Merge::kAheadRows, 1);
  CHECK(ahead(0, false));
  CHECK_FALSE(ahead(1, true));
  merge.end(channels[1]);  // now it is itself the slowest
  CHECK_FALSE(ahead(0, false));
}

TEST_CASE("merge: the smallest offset that is held, by partition") {
  Merge merge = merge_of(2, 0);
  const std::vector<Course> courses{course_of(0, {10, 20, 30}), course_of(3, {10, 20})};
  const std::vector<Merge::Channel> channels = opened(merge, courses);
  add(merge, channels[0], courses[0], 0, 3);
  add(merge, channels[1], courses[1], 0, 2);
  std::vector<Left> left;
  take_all(merge, left);
  ops::HeldOffsets held;
  merge.note_held(held);
  CHECK(held.first(task_of(courses[0].place)) == 1);
  CHECK(held.first(task_of(courses[1].place)) == 1);
  CHECK(held.first({.topic = 9, .partition = 9}) == ops::HeldOffsets::kNothing);
}

TEST_CASE("merge: a damaged snapshot is refused") {
  Merge merge = merge_of(2, 0);
  const Course course = course_of(0, {10, 20, 30});
  add(merge, merge.open(course.place), course, 0, 3);
  const std::vector<std::byte> bytes = saved(merge);
  for (std::size_t length = 0; length < bytes.size(); length += 5) {
    Merge other = merge_of(2, 0);
    base::ByteReader reader{std::span(bytes).first(length)};
    CHECK_FALSE(other.restore(reader));
  }
  Merge of_one = merge_of(1, 0);
  base::ByteReader reader(bytes);
  CHECK_FALSE(of_one.restore(reader));
}
