#include <headrace/pipeline/collector.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <headrace/pipeline/bitmap.hpp>
#include <headrace/pipeline/dictionary_merger.hpp>
#include <headrace/pipeline/event_order.hpp>
#include <headrace/pipeline/reserved_array.hpp>

namespace headrace::pipeline {
namespace {

using record::Column;
using record::DType;

// Where nothing is known of the number of rows: address space only, and enough that most results
// never have to be moved to grow (moving large mappings cost a quarter of the time of collecting).
constexpr std::size_t kFirstGuess = 1U << 24U;

// A column under construction.
class Growing {
 public:
  Growing(DType type, std::size_t rows) : type_(type), values_(rows * record::width_of(type)) {
    if (type == DType::kString) merger_.emplace();
  }

  void append(const Column& from, std::size_t rows, std::size_t before) {
    std::byte* const to = values_.extend(rows * record::width_of(type_));
    if (merger_) {
      merger_->remap(from.dictionary, {from.values<std::int32_t>(), rows},
                     reinterpret_cast<std::int32_t*>(to));
    } else {
      std::memcpy(to, from.data->data(), rows * record::width_of(type_));
    }
    append_validity(from, rows, before);
  }

  template <class T>
  [[nodiscard]] const T* values() noexcept {
    return values_.as<T>();
  }

  // The finished column, its rows in the given order (null: as they came).
  Column take(const std::vector<std::uint32_t>* order) {
    Column column;
    column.type = type_;
    column.data = order != nullptr ? ordered(*order) : std::move(values_).finish();
    if (has_nulls_) {
      column.validity = order != nullptr ? ordered_bits(*order) : std::move(bits_).finish();
    }
    if (merger_) column.dictionary = merger_->dictionary();
    return column;
  }

 private:
  void append_validity(const Column& from, std::size_t rows, std::size_t before) {
    if (!from.validity && !has_nulls_) return;
    if (!has_nulls_) {
      has_nulls_ = true;
      extend_bits(before);
      set_bits(bits_.as<std::uint8_t>(), 0, before);
    }
    extend_bits(before + rows);
    if (from.validity) {
      copy_bits(from.validity->as<std::uint8_t>(), 0, rows, bits_.as<std::uint8_t>(), before);
    } else {
      set_bits(bits_.as<std::uint8_t>(), before, rows);
    }
  }
  void extend_bits(std::size_t bits) { (void)bits_.extend(bitmap_bytes(bits) - bits_.size()); }

  template <class T>
  record::BufferPtr gathered(const std::vector<std::uint32_t>& order) {
    ReservedArray sorted(order.size() * sizeof(T));
    T* to = reinterpret_cast<T*>(sorted.extend(order.size() * sizeof(T)));
    const T* from = values_.as<T>();
    for (const std::uint32_t row : order) *to++ = from[row];
    values_ = {};
    return std::move(sorted).finish();
  }
  record::BufferPtr ordered(const std::vector<std::uint32_t>& order) {
    switch (record::width_of(type_)) {
      case 1:
        return gathered<std::uint8_t>(order);
      case 4:
        return gathered<std::uint32_t>(order);
      default:
        return gathered<std::uint64_t>(order);
    }
  }
  record::BufferPtr ordered_bits(const std::vector<std::uint32_t>& order) {
    ReservedArray sorted(bitmap_bytes(order.size()));
    auto* to = reinterpret_cast<std::uint8_t*>(sorted.extend(bitmap_bytes(order.size())));
    const auto* from = bits_.as<std::uint8_t>();
    for (std::size_t i = 0; i < order.size(); ++i) put_bit(to, i, get_bit(from, order[i]));
    return std::move(sorted).finish();
  }

  DType type_;
  ReservedArray values_;
  ReservedArray bits_;
  bool has_nulls_ = false;
  std::optional<DictionaryMerger> merger_;
};

// TaskIds as a column of values of their width.
static_assert(sizeof(record::TaskId) == sizeof(std::int64_t));
Column origin_column(const record::BufferPtr& origins) {
  return {.type = DType::kInt64, .data = origins, .validity = {}, .dictionary = {}};
}

EventOrder::Origins split(const record::TaskId* origins, std::size_t rows) {
  EventOrder::Origins made{.topics = record::Buffer::allocate(rows * sizeof(std::int32_t)),
                           .partitions = record::Buffer::allocate(rows * sizeof(std::int32_t))};
  for (std::size_t row = 0; row < rows; ++row) {
    made.topics->as<std::int32_t>()[row] = origins[row].topic;
    made.partitions->as<std::int32_t>()[row] = origins[row].partition;
  }
  return made;
}

}  // namespace

struct Collector::Impl {
  Impl(record::SchemaPtr s, std::size_t expected)
      : schema(std::move(s)),
        offsets(DType::kInt64, expected),
        times(schema->event_time_index() < 0 ? expected * sizeof(std::int64_t) : 1) {
    for (const record::Field& field : schema->fields()) columns.emplace_back(field.type, expected);
  }

  // Event times are kept apart only where the result has no such column.
  void note_order(const record::RecordBatch& batch) {
    const std::int64_t* event_times =
        batch.event_times ? batch.event_times->as<std::int64_t>() : nullptr;
    order.note(batch.task, event_times, batch.rows());
    timed = timed && event_times != nullptr;
    note_origins(batch);
    if (!timed || schema->event_time_index() >= 0) return;
    const std::size_t bytes = batch.rows() * sizeof(std::int64_t);
    std::memcpy(times.extend(bytes), event_times, bytes);
  }

  // Of one partition a batch's task says it for all; behind a merge each row says it for itself.
  void note_origins(const record::RecordBatch& batch) {
    if (!batch.origins && !origins) return;
    if (!origins) {
      origins.emplace(DType::kInt64, rows + batch.rows());
      append_origin(batch.task, rows, 0);
    }
    if (!batch.origins) return append_origin(batch.task, batch.rows(), rows);
    origins->append(origin_column(batch.origins), batch.rows(), rows);
  }
  void append_origin(record::TaskId task, std::size_t n, std::size_t before) {
    const record::BufferPtr same = record::Buffer::allocate(n * sizeof(record::TaskId));
    std::fill_n(same->as<record::TaskId>(), n, task);
    origins->append(origin_column(same), n, before);
  }

  [[nodiscard]] std::optional<std::vector<std::uint32_t>> final_order() {
    if (order.in_order()) return std::nullopt;
    if (!timed) return order.rows(nullptr);
    const int column = schema->event_time_index();
    return order.rows(column >= 0 ? columns[static_cast<std::size_t>(column)].values<std::int64_t>()
                                  : times.as<std::int64_t>());
  }

  record::SchemaPtr schema;
  std::vector<Growing> columns;
  Growing offsets;
  ReservedArray times;
  EventOrder order;
  std::optional<Growing> origins;
  bool timed = true;
  std::size_t rows = 0;
};

Collector::Collector(record::SchemaPtr schema, std::size_t expected_rows)
    : impl_(std::make_unique<Impl>(std::move(schema),
                                   expected_rows > 0 ? expected_rows : kFirstGuess)) {}
Collector::~Collector() = default;

void Collector::append(const record::BatchPtr& batch) {
  if (batch->rows() == 0) return;
  for (std::size_t i = 0; i < impl_->columns.size(); ++i) {
    impl_->columns[i].append(batch->column(i), batch->rows(), impl_->rows);
  }
  impl_->offsets.append(
      {.type = DType::kInt64, .data = batch->offsets, .validity = {}, .dictionary = {}},
      batch->rows(), impl_->rows);
  impl_->note_order(*batch);
  impl_->rows += batch->rows();
}

Frame Collector::take() {
  Frame frame;
  frame.schema = impl_->schema;
  frame.rows = impl_->rows;
  frame.end_row = impl_->rows;
  frame.exclusive = true;
  const std::optional<std::vector<std::uint32_t>> sorted = impl_->final_order();
  const std::vector<std::uint32_t>* order = sorted ? &*sorted : nullptr;
  const EventOrder::Origins origins =
      impl_->origins ? split(impl_->origins->take(order).data->as<record::TaskId>(), frame.rows)
                     : impl_->order.origins(order);
  frame.topics = origins.topics;
  frame.partitions = origins.partitions;
  frame.offsets = impl_->offsets.take(order).data;
  impl_->times = {};
  for (Growing& column : impl_->columns) frame.columns.push_back(column.take(order));
  impl_->columns.clear();
  return frame;
}

}  // namespace headrace::pipeline
