// The job that workers run: records of input partitions, a state by key, results. All of it is a
// function of the seed, so what has to come out is known without running anything.
//
// Thread contract: plain values.
// Cost: some hashing a record.
//
//   Job job{.seed = 7, .partitions = 2, .records = 100};
//   State state; std::vector<Row> rows;
//   job.process(0, offset, state, rows);
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "output_log.hpp"
#include "world.hpp"

namespace headrace::simulation {

struct State {
  std::array<std::uint64_t, 3> keys{};
  std::uint64_t digest = 0;  // of all results so far
  friend bool operator==(const State&, const State&) = default;
};

struct Job {
  std::uint64_t seed = 0;
  int partitions = 1;
  std::int64_t records = 100;  // of each

  void process(int input, std::int64_t offset, State& state, std::vector<Row>& rows) const {
    const std::uint64_t record = mix(
        seed ^ mix(static_cast<std::uint64_t>(input) << 32U ^ static_cast<std::uint64_t>(offset)));
    std::uint64_t& key = state.keys[record % state.keys.size()];
    key = mix(key ^ record);
    const auto results = static_cast<int>(record / 8 % 4);  // none for a quarter of them
    for (int part = 0; part < (results == 3 ? 2 : results == 0 ? 0 : 1); ++part) {
      give({.input = input, .offset = offset, .part = part, .value = mix(key)}, state, rows);
    }
  }
  // What was held until the records have come to their end.
  void finish(int input, State& state, std::vector<Row>& rows) const {
    give({.input = input, .offset = records, .part = 0, .value = state.keys[0]}, state, rows);
  }
  // Undisturbed.
  [[nodiscard]] std::vector<Row> reference(int input, State& state) const {
    std::vector<Row> rows;
    for (std::int64_t offset = 0; offset < records; ++offset) process(input, offset, state, rows);
    finish(input, state, rows);
    return rows;
  }

 private:
  static void give(Row row, State& state, std::vector<Row>& rows) {
    state.digest = mix(state.digest ^ row.value);
    rows.push_back(row);
  }
};

}  // namespace headrace::simulation
