#include <headrace/pipeline/segment.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <headrace/pipeline/bitmap.hpp>
#include <headrace/pipeline/dictionary_merger.hpp>

namespace headrace::pipeline {
namespace {

using record::Buffer;
using record::BufferPtr;
using record::Column;
using record::DType;

// A piece is lent instead of copied from this many rows on, if it is a good part of its segment:
// below, the copy costs less than the memory that the frame would hold on to.
constexpr std::size_t kLendRows = 1024;
constexpr std::size_t kLendPart = 4;

// A dictionary far larger than the frame is replaced by one of the frame's own words, since whoever
// takes the frame out of the core takes the whole dictionary with it.
constexpr std::int32_t kLargeDictionary = 4096;

std::size_t total_rows(std::span<const Piece> pieces) {
  std::size_t rows = 0;
  for (const Piece& piece : pieces) rows += piece.size();
  return rows;
}

template <class T>
void copy_rows(const Piece& piece, const T* from, T* to) {
  if (!piece.picked) {
    std::memcpy(to, from + piece.begin, piece.rows * sizeof(T));
    return;
  }
  for (const std::uint32_t row : *piece.picked) *to++ = from[row];
}

template <class T>
BufferPtr copied(std::span<const Piece> pieces, std::size_t rows, std::size_t column) {
  BufferPtr buffer = Buffer::allocate(rows * sizeof(T));
  T* to = buffer->as<T>();
  for (const Piece& piece : pieces) {
    copy_rows(piece, piece.segment->columns[column].values<T>(), to);
    to += piece.size();
  }
  return buffer;
}

// A system column that a segment may lack: then every row has the value `otherwise(segment)`.
template <class T, class Otherwise>
BufferPtr system_column(std::span<const Piece> pieces, std::size_t rows, BufferPtr Segment::*buffer,
                        Otherwise otherwise) {
  BufferPtr made = Buffer::allocate(rows * sizeof(T));
  T* to = made->as<T>();
  for (const Piece& piece : pieces) {
    if (const BufferPtr& from = (*piece.segment).*buffer) {
      copy_rows(piece, from->template as<T>(), to);
    } else {
      std::fill_n(to, piece.size(), otherwise(*piece.segment));
    }
    to += piece.size();
  }
  return made;
}

bool present(const Segment& segment, std::size_t column, std::size_t row) {
  if (!segment.presence.empty() && segment.presence[column]) {
    return segment.presence[column]->as<std::uint8_t>()[row] != 0;
  }
  return segment.columns[column].is_valid(row);
}

bool may_be_null(const Segment& segment, std::size_t column) {
  return segment.columns[column].validity ||
         (!segment.presence.empty() && segment.presence[column]);
}

BufferPtr validity(std::span<const Piece> pieces, std::size_t rows, std::size_t column) {
  const auto nullable = [&](const Piece& piece) { return may_be_null(*piece.segment, column); };
  if (std::none_of(pieces.begin(), pieces.end(), nullable)) return nullptr;
  BufferPtr bits = Buffer::allocate_zeroed(bitmap_bytes(rows));
  auto* to = bits->as<std::uint8_t>();
  std::size_t at = 0;
  for (const Piece& piece : pieces) {
    const BufferPtr& packed = piece.segment->columns[column].validity;
    if (!nullable(piece)) {
      set_bits(to, at, piece.size());
    } else if (packed && !piece.picked) {
      copy_bits(packed->as<std::uint8_t>(), piece.begin, piece.rows, to, at);
    } else {
      for (std::size_t i = 0; i < piece.size(); ++i) {
        const std::size_t row = piece.picked ? (*piece.picked)[i] : piece.begin + i;
        put_bit(to, at + i, present(*piece.segment, column, row));
      }
    }
    at += piece.size();
  }
  if (all_set(to, 0, rows)) return nullptr;
  return bits;
}

BufferPtr values(std::span<const Piece> pieces, std::size_t rows, std::size_t column) {
  switch (record::width_of(pieces.front().segment->columns[column].type)) {
    case 1:
      return copied<std::uint8_t>(pieces, rows, column);
    case 4:
      return copied<std::int32_t>(pieces, rows, column);
    default:
      return copied<std::uint64_t>(pieces, rows, column);
  }
}

// Codes of one dictionary: the pieces' own if they share it, else a merged one.
void unite_dictionaries(std::span<const Piece> pieces, std::size_t rows, std::size_t column,
                        Column& out) {
  const auto dictionary_of = [&](const Piece& piece) -> const record::DictionaryPtr& {
    return piece.segment->columns[column].dictionary;
  };
  const record::DictionaryPtr& first = dictionary_of(pieces.front());
  const bool shared = std::all_of(pieces.begin(), pieces.end(), [&](const Piece& piece) {
    return dictionary_of(piece) == first;
  });
  const std::int32_t large =
      std::max(kLargeDictionary, static_cast<std::int32_t>(std::min<std::size_t>(rows, 1U << 30U)));
  if (shared && first && first->size() <= large) {
    out.dictionary = first;
    return;
  }
  DictionaryMerger merger;
  BufferPtr codes = Buffer::allocate(rows * sizeof(std::int32_t));
  std::size_t at = 0;
  for (const Piece& piece : pieces) {
    merger.remap(dictionary_of(piece), {out.values<std::int32_t>() + at, piece.size()},
                 codes->as<std::int32_t>() + at);
    at += piece.size();
  }
  out.data = std::move(codes);
  out.dictionary = merger.dictionary();
}

bool worth_lending(std::span<const Piece> pieces) {
  if (pieces.size() != 1 || pieces.front().picked) return false;
  const Piece& piece = pieces.front();
  return piece.rows >= kLendRows && piece.rows * kLendPart >= piece.segment->rows;
}

// A view of rows of a segment, which it keeps alive.
BufferPtr lent(const Piece& piece, const BufferPtr& data, std::size_t width) {
  return Buffer::wrap(data->data() + piece.begin * width, piece.rows * width,
                      std::const_pointer_cast<Segment>(piece.segment));
}

}  // namespace

void split_origins(const record::RecordBatch& batch, std::int32_t* topics,
                   std::int32_t* partitions) {
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    topics[row] = batch.origin(row).topic;
    partitions[row] = batch.origin(row).partition;
  }
}

std::shared_ptr<const Segment> segment_of(const record::RecordBatch& batch) {
  auto segment = std::make_shared<Segment>();
  segment->rows = batch.rows();
  segment->columns = batch.columns();
  segment->offsets = batch.offsets;
  segment->task = batch.task;
  if (batch.origins) {
    segment->topics = Buffer::allocate(batch.rows() * sizeof(std::int32_t));
    segment->partitions = Buffer::allocate(batch.rows() * sizeof(std::int32_t));
    split_origins(batch, segment->topics->as<std::int32_t>(),
                  segment->partitions->as<std::int32_t>());
  }
  return segment;
}

Frame gather(record::SchemaPtr schema, std::span<const Piece> pieces) {
  Frame frame;
  frame.schema = std::move(schema);
  frame.rows = total_rows(pieces);
  const bool lend = worth_lending(pieces);
  for (std::size_t i = 0; i < frame.schema->size(); ++i) {
    Column column = frame.rows > 0 ? Column{} : Column::make(frame.schema->fields()[i].type, 0);
    column.type = frame.schema->fields()[i].type;
    if (frame.rows > 0) {
      column.data = lend ? lent(pieces.front(), pieces.front().segment->columns[i].data,
                                record::width_of(column.type))
                         : values(pieces, frame.rows, i);
      column.validity = validity(pieces, frame.rows, i);
      if (column.type == DType::kString) unite_dictionaries(pieces, frame.rows, i, column);
    } else if (column.type == DType::kString) {
      column.dictionary = std::make_shared<record::Dictionary>();
    }
    frame.columns.push_back(std::move(column));
  }
  frame.offsets = system_column<std::int64_t>(pieces, frame.rows, &Segment::offsets,
                                              [](const Segment&) { return std::int64_t{-1}; });
  frame.partitions = system_column<std::int32_t>(pieces, frame.rows, &Segment::partitions,
                                                 [](const Segment& s) { return s.task.partition; });
  frame.topics = system_column<std::int32_t>(pieces, frame.rows, &Segment::topics,
                                             [](const Segment& s) { return s.task.topic; });
  return frame;
}

}  // namespace headrace::pipeline
