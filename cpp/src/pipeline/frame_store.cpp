#include <headrace/pipeline/frame_store.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <utility>

#include <headrace/pipeline/dictionary_merger.hpp>
#include <headrace/pipeline/latest.hpp>
#include <headrace/pipeline/segment.hpp>

namespace headrace::pipeline {
namespace {

using record::Buffer;
using record::BufferPtr;
using record::Column;
using record::DType;

// Below, a batch is copied into the open slab; above, listing it costs less than copying it.
constexpr std::size_t kAdoptRows = 256;
// However small the batches, the list stays short enough to be rebuilt for each of them.
constexpr std::size_t kMostSegments = 128;
constexpr std::size_t kSlabRows = 8192;
// Words of rows long gone are let go with the slab that knew them.
constexpr std::size_t kDictionaryCap = 8U << 20U;

// Consecutive rows of a segment. Only the newest view of an open slab still grows.
struct View {
  std::shared_ptr<const Segment> segment;
  std::size_t begin = 0;
  std::uint64_t first_row = 0;  // of the stream
  std::atomic<std::size_t> rows{0};
};
using Views = std::vector<std::shared_ptr<const View>>;

template <class T>
void fill(const BufferPtr& to, std::size_t at, std::size_t n, T value) {
  std::fill_n(to->as<T>() + at, n, value);
}

// The open slab: where the rows of small batches are put.
class Slab {
 public:
  Slab(const record::Schema& schema, std::size_t rows) : segment_(std::make_shared<Segment>()) {
    segment_->rows = rows;
    segment_->offsets = Buffer::allocate(rows * sizeof(std::int64_t));
    segment_->topics = Buffer::allocate(rows * sizeof(std::int32_t));
    segment_->partitions = Buffer::allocate(rows * sizeof(std::int32_t));
    for (const record::Field& field : schema.fields()) {
      segment_->columns.push_back(Column::make(field.type, rows));
      segment_->presence.push_back(field.nullable ? Buffer::allocate(rows) : nullptr);
      mergers_.push_back(nullptr);
      if (field.type == DType::kString) {
        mergers_.back() = std::make_unique<DictionaryMerger>();
        segment_->columns.back().dictionary = mergers_.back()->dictionary();
      }
    }
  }

  [[nodiscard]] const std::shared_ptr<Segment>& segment() const noexcept { return segment_; }
  [[nodiscard]] std::size_t filled() const noexcept { return filled_; }

  // Whether the rows can be told here: there is room, a place for their nulls, and the dictionaries
  // have not grown old.
  [[nodiscard]] bool takes(const record::RecordBatch& batch) const {
    if (filled_ + batch.rows() > segment_->rows) return false;
    for (std::size_t i = 0; i < segment_->columns.size(); ++i) {
      if (batch.column(i).validity && !segment_->presence[i]) return false;
      const record::DictionaryPtr& words = segment_->columns[i].dictionary;
      if (words && words->memory() > kDictionaryCap) return false;
    }
    return true;
  }

  void put(const record::RecordBatch& batch) {
    for (std::size_t i = 0; i < segment_->columns.size(); ++i) put_column(batch, i);
    if (batch.offsets) {
      std::memcpy(segment_->offsets->as<std::int64_t>() + filled_, batch.offsets->data(),
                  batch.rows() * sizeof(std::int64_t));
    } else {
      fill<std::int64_t>(segment_->offsets, filled_, batch.rows(), -1);
    }
    split_origins(batch, segment_->topics->as<std::int32_t>() + filled_,
                  segment_->partitions->as<std::int32_t>() + filled_);
    filled_ += batch.rows();
  }

 private:
  void put_column(const record::RecordBatch& batch, std::size_t i) {
    const Column& from = batch.column(i);
    Column& to = segment_->columns[i];
    if (from.type == DType::kString) {
      mergers_[i]->remap(from.dictionary, {from.values<std::int32_t>(), batch.rows()},
                         to.mutable_values<std::int32_t>() + filled_);
    } else {
      const std::size_t width = record::width_of(from.type);
      std::memcpy(to.data->data() + filled_ * width, from.data->data(), batch.rows() * width);
    }
    if (!segment_->presence[i]) return;
    auto* present = segment_->presence[i]->as<std::uint8_t>() + filled_;
    for (std::size_t row = 0; row < batch.rows(); ++row) present[row] = from.is_valid(row) ? 1 : 0;
  }

  std::shared_ptr<Segment> segment_;
  std::vector<std::unique_ptr<DictionaryMerger>> mergers_;  // string columns
  std::size_t filled_ = 0;
};

}  // namespace

struct FrameStore::Impl {
  Impl(record::SchemaPtr s, std::size_t history)
      : schema(std::move(s)),
        slab_schema(*schema),
        history_rows(history),
        slab_rows(std::clamp(std::bit_ceil(history / 4 + 1), kAdoptRows, kSlabRows)) {}

  void adopt(const record::RecordBatch& batch) {
    auto view = std::make_shared<View>();
    view->segment = segment_of(batch);
    view->first_row = total;
    view->rows.store(batch.rows(), std::memory_order_relaxed);
    open = nullptr;
    list(std::move(view));
  }

  void copy(const record::RecordBatch& batch) {
    if (!slab || !slab->takes(batch)) {
      slab_schema = nulls_allowed(batch);
      slab.emplace(slab_schema, std::max(slab_rows, batch.rows()));
      open = nullptr;
    }
    const std::size_t begin = slab->filled();
    slab->put(batch);
    if (open) {
      open->rows.store(slab->filled() - open->begin, std::memory_order_release);
      return;
    }
    auto view = std::make_shared<View>();
    view->segment = slab->segment();
    view->begin = begin;
    view->first_row = total;
    view->rows.store(batch.rows(), std::memory_order_relaxed);
    open = view;
    list(std::move(view));
  }

  // A column may hold nulls although the schema does not say so, from its first null on.
  [[nodiscard]] record::Schema nulls_allowed(const record::RecordBatch& batch) const {
    std::vector<record::Field> fields = slab_schema.fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (batch.column(i).validity) fields[i].nullable = true;
    }
    return record::Schema(std::move(fields));
  }

  // Publishes the list with `view` at its end and without what history no longer asks for.
  void list(std::shared_ptr<const View> view) {
    const std::uint64_t end = view->first_row + view->rows.load(std::memory_order_relaxed);
    views.push_back(std::move(view));
    while (views.size() > 1 && end - views[1]->first_row >= history_rows) views.pop_front();
    listed.publish(std::make_shared<const Views>(views.begin(), views.end()));
  }

  // The views as pieces, oldest first, with the row of the stream at which they begin and end.
  struct Snapshot {
    std::vector<Piece> pieces;
    std::uint64_t first_row = 0;
    std::uint64_t end_row = 0;
  };
  [[nodiscard]] Snapshot snapshot() const {
    Snapshot now;
    const std::shared_ptr<const Views> list = listed.get();
    if (!list || list->empty()) return now;
    now.first_row = list->front()->first_row;
    for (const auto& view : *list) {
      const std::size_t rows = view->rows.load(std::memory_order_acquire);
      now.pieces.push_back(
          {.segment = view->segment, .begin = view->begin, .rows = rows, .picked = {}});
      now.end_row = view->first_row + rows;
    }
    return now;
  }

  record::SchemaPtr schema;
  record::Schema slab_schema;
  std::size_t history_rows;
  std::size_t slab_rows;
  // The writer's.
  std::deque<std::shared_ptr<const View>> views;
  std::shared_ptr<View> open;  // the newest view, where it is one of the open slab
  std::optional<Slab> slab;
  std::uint64_t total = 0;
  // The readers'.
  Latest<Views> listed;
  std::atomic<std::uint64_t> appended{0};
};

FrameStore::FrameStore(record::SchemaPtr schema, std::size_t history_rows)
    : impl_(std::make_unique<Impl>(std::move(schema), history_rows)) {}
FrameStore::~FrameStore() = default;

void FrameStore::append(const record::BatchPtr& batch) {
  const std::size_t rows = batch->rows();
  if (rows == 0) return;
  if (rows >= std::max(kAdoptRows, impl_->history_rows / kMostSegments)) {
    impl_->adopt(*batch);
  } else {
    impl_->copy(*batch);
  }
  impl_->total += rows;
  impl_->appended.store(impl_->total, std::memory_order_release);
}

std::uint64_t FrameStore::rows_appended() const noexcept {
  return impl_->appended.load(std::memory_order_acquire);
}

namespace {

// Keeps the newest `rows` rows of the pieces.
void keep_newest(std::vector<Piece>& pieces, std::uint64_t rows) {
  std::size_t first = pieces.size();
  while (first > 0 && rows > 0) {
    Piece& piece = pieces[--first];
    const std::uint64_t kept = std::min<std::uint64_t>(rows, piece.rows);
    piece.begin += piece.rows - static_cast<std::size_t>(kept);
    piece.rows = static_cast<std::size_t>(kept);
    rows -= kept;
  }
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(first));
}

}  // namespace

Frame FrameStore::frame(std::size_t last, const std::optional<std::string>& key) const {
  Impl::Snapshot now = impl_->snapshot();
  if (key) {
    keep_newest(now.pieces, impl_->history_rows);
    now.pieces = pieces_of_key(*impl_->schema, now.pieces, *key, last);
  } else {
    keep_newest(now.pieces, std::min(last, impl_->history_rows));
  }
  Frame frame = gather(impl_->schema, now.pieces);
  frame.end_row = now.end_row;
  return frame;
}

Frame FrameStore::since(std::uint64_t position, std::uint64_t* missed) const {
  Impl::Snapshot now = impl_->snapshot();
  const std::uint64_t wanted = now.end_row > position ? now.end_row - position : 0;
  const std::uint64_t there = std::min(wanted, now.end_row - now.first_row);
  if (missed != nullptr) *missed = wanted - there;
  keep_newest(now.pieces, there);
  Frame frame = gather(impl_->schema, now.pieces);
  frame.end_row = now.end_row;
  return frame;
}

}  // namespace headrace::pipeline
