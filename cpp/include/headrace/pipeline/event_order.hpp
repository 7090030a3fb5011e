// The order of a bounded read: event time, then topic and partition, then offset.
//
// Rows arrive in offset order within a task and in any order between tasks. Most tasks are in event
// order by themselves, so they are merged rather than sorted; every step is stable, which lets the
// order of tasks and of arrival decide between equal times.
//
// Thread contract: one owner.
// Cost: note is one comparison a row; order is one comparison a row per doubling of the number of
//   tasks, and four bytes a row.
//
//   EventOrder order;
//   order.note(task, times, rows);
//   if (!order.in_order()) permute(order.rows(all_times));
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::pipeline {

class EventOrder {
 public:
  // `times` is null where the stream has no event time: then tasks follow one another.
  void note(record::TaskId task, const std::int64_t* times, std::size_t rows);
  // Whether the rows arrived in their final order.
  [[nodiscard]] bool in_order() const noexcept { return in_order_; }
  // Numbers of the arrived rows in their final order; `times` of all of them, or null.
  [[nodiscard]] std::vector<std::uint32_t> rows(const std::int64_t* times) const;
  // The task of each row in the given order (null: of arrival), as two int32 buffers.
  struct Origins {
    record::BufferPtr topics;
    record::BufferPtr partitions;
  };
  [[nodiscard]] Origins origins(const std::vector<std::uint32_t>* order) const;

 private:
  struct Run {  // consecutive rows of one task
    record::TaskId task;
    std::size_t rows = 0;
  };
  std::vector<Run> runs_;
  std::size_t rows_ = 0;
  bool in_order_ = true;
  std::int64_t last_time_ = 0;
};

}  // namespace headrace::pipeline
