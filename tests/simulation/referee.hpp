// Compares what the one reader of the output gets with what has to come out.
//
// Thread contract: one thread.
// Cost: the reference in memory.
//
//   Referee referee(job, outputs, [](const std::string& what) {...});
//   referee.read(row);
//   bool all = referee.complete();
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "job.hpp"
#include "model_log.hpp"

namespace headrace::simulation {

class Referee {
 public:
  Referee(const Job& job, int outputs, std::function<void(const std::string&)> violation)
      : violation_(std::move(violation)), outputs_(outputs) {
    for (int input = 0; input < job.partitions; ++input) {
      State state;
      lines_.emplace_back(static_cast<std::size_t>(outputs));
      for (const Row& row : job.reference(input, state)) {
        lines_.back()[static_cast<std::size_t>(output_of(row, outputs))].rows.push_back(row);
      }
      digests_.push_back(state.digest);
    }
  }

  void read(const Row& row) {
    Line& line = lines_[static_cast<std::size_t>(row.input)]
                       [static_cast<std::size_t>(output_of(row, outputs_))];
    if (line.seen < line.rows.size() && line.rows[line.seen] == row) {
      ++line.seen;
      return;
    }
    const bool twice =
        std::find(line.rows.begin(), line.rows.begin() + static_cast<std::ptrdiff_t>(line.seen),
                  row) != line.rows.begin() + static_cast<std::ptrdiff_t>(line.seen);
    violation_("partition " + std::to_string(row.input) + ": the result of record " +
               std::to_string(row.offset) + (twice ? " is there twice" : " is not the next one"));
  }

  [[nodiscard]] bool complete() const {
    return std::all_of(lines_.begin(), lines_.end(), [](const std::vector<Line>& of_input) {
      return std::all_of(of_input.begin(), of_input.end(),
                         [](const Line& line) { return line.seen == line.rows.size(); });
    });
  }
  [[nodiscard]] std::uint64_t digest(int input) const {
    return digests_[static_cast<std::size_t>(input)];
  }

 private:
  struct Line {
    std::vector<Row> rows;
    std::size_t seen = 0;
  };
  std::function<void(const std::string&)> violation_;
  int outputs_;
  std::vector<std::vector<Line>> lines_;  // by input and output
  std::vector<std::uint64_t> digests_;
};

}  // namespace headrace::simulation
