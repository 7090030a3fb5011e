// Rows of several partitions of several inputs, in any order of arrival and any cut, and the order
// in which they are to leave a merge.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <headrace/pipeline/merge.hpp>

#include "pipeline/batches.hpp"

namespace headrace::testing {

// What a channel is to bring: event times by offset.
struct Course {
  pipeline::Merge::Place place;
  std::vector<std::int64_t> times;
};

// Times that mostly rise, fall back within the grace now and then, and once in a while beyond it;
// equal times in many channels.
inline std::vector<Course> random_courses(std::minstd_rand& random, std::uint32_t inputs,
                                          std::int32_t partitions, std::size_t rows,
                                          std::int64_t grace) {
  std::vector<Course> courses;
  for (std::uint32_t input = 0; input < inputs; ++input) {
    for (std::int32_t p = 0; p < partitions; ++p) {
      Course course{.place = {.input = input, .topic = "t" + std::to_string(p % 2), .partition = p},
                    .times = {}};
      std::int64_t now = static_cast<std::int64_t>(random() % 20);
      for (std::size_t row = random() % rows; row < rows; ++row) {
        now += static_cast<std::int64_t>(random() % 5);
        std::int64_t time = now;
        if (random() % 3 == 0) time -= static_cast<std::int64_t>(random()) % (grace + 1);
        if (random() % 40 == 0) time -= grace + static_cast<std::int64_t>(random() % 30);
        course.times.push_back(time);
      }
      courses.push_back(std::move(course));
    }
  }
  return courses;
}

struct Left {  // a row that has left
  std::uint32_t input = 0;
  record::TaskId origin;
  std::int64_t offset = 0;
  std::int64_t time = 0;
  friend auto operator<=>(const Left&, const Left&) = default;
};

inline record::TaskId task_of(const pipeline::Merge::Place& place) {
  return {.topic = place.topic == "t0" ? 0 : 1, .partition = place.partition};
}

// By definition: a row's key is its time, or the newest of its channel so far less the grace.
inline std::vector<Left> expected_order(const std::vector<Course>& courses, std::int64_t grace) {
  struct Keyed {
    std::int64_t key;
    pipeline::Merge::Place place;
    std::int64_t offset;
    Left row;
  };
  std::vector<Keyed> all;
  for (const Course& course : courses) {
    std::int64_t newest = std::numeric_limits<std::int64_t>::min() / 2;
    for (std::size_t row = 0; row < course.times.size(); ++row) {
      newest = std::max(newest, course.times[row]);
      const auto offset = static_cast<std::int64_t>(row);
      all.push_back({.key = std::max(course.times[row], newest - grace),
                     .place = course.place,
                     .offset = offset,
                     .row = {.input = course.place.input,
                             .origin = task_of(course.place),
                             .offset = offset,
                             .time = course.times[row]}});
    }
  }
  std::sort(all.begin(), all.end(), [](const Keyed& a, const Keyed& b) {
    return std::tie(a.key, a.place, a.offset) < std::tie(b.key, b.place, b.offset);
  });
  std::vector<Left> order;
  for (const Keyed& row : all) order.push_back(row.row);
  return order;
}

// A batch of the course's rows from `first` on, of test_schema().
inline record::RecordBatch rows_of(const Course& course, std::size_t first, std::size_t rows) {
  Partition partition(course.place.partition);
  if (first > 0) (void)partition.next(first);
  record::RecordBatch batch = partition.next(rows);
  batch.task = task_of(course.place);
  batch.event_times = record::Buffer::allocate(rows * sizeof(std::int64_t));
  std::copy_n(course.times.begin() + static_cast<std::ptrdiff_t>(first), rows,
              batch.event_times->as<std::int64_t>());
  batch.column(0).data = batch.event_times;
  return batch;
}

inline void note_left(const pipeline::Merge::Due& due, std::vector<Left>& left) {
  std::vector<std::size_t> next(due.inputs.size(), 0);
  for (const ops::MergedRun& run : due.order) {
    const record::RecordBatch& batch = due.inputs[run.input];
    for (std::uint32_t i = 0; i < run.rows; ++i) {
      const std::size_t row = next[run.input]++;
      left.push_back({.input = run.input,
                      .origin = batch.origin(row),
                      .offset = batch.offset_values()[row],
                      .time = batch.event_times->as<std::int64_t>()[row]});
    }
  }
}

// Brings the courses' rows in a random order of channels and random pieces; `after` is called after
// each piece with how many there were.
template <class Add, class After>
void play(const std::vector<Course>& courses, std::minstd_rand& random, const Add& add,
          const After& after) {
  std::vector<std::size_t> at(courses.size(), 0);
  std::vector<std::size_t> open;
  for (std::size_t c = 0; c < courses.size(); ++c) open.push_back(c);
  for (std::size_t piece = 0; !open.empty(); ++piece) {
    const std::size_t c = open[random() % open.size()];
    const std::size_t rest = courses[c].times.size() - at[c];
    const std::size_t rows = std::min<std::size_t>(rest, 1 + random() % 40);
    add(c, at[c], rows, rows == rest);
    at[c] += rows;
    if (rows == rest) std::erase(open, c);
    after(piece);
  }
}

}  // namespace headrace::testing
