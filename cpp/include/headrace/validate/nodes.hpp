// The steps of a compiled expression: each gives the values of one node of the tree, block by
// block.
//
// Thread contract: belong to one CompiledExpression.
// Cost: one virtual call a block of 512 rows.
//
//   node->begin(batch);                                  // once a batch
//   Block values = node->run({batch, 0, 512}, args, out);
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/validate/expression.hpp>
#include <headrace/validate/kernels.hpp>

namespace headrace::validate {

// The rows that are being evaluated.
struct BlockRows {
  const record::RecordBatch& batch;
  std::size_t begin = 0;
  std::size_t rows = 0;
};

class Node {
 public:
  virtual ~Node() = default;
  virtual void begin(const record::RecordBatch& batch);
  // `args` are the results of this block of the node's arguments. The result lies in `out` or in
  // memory of the batch, of the node or of an argument.
  [[nodiscard]] virtual Block run(const BlockRows& rows, std::span<const Block> args,
                                  const BlockOut& out) = 0;
  // The dictionary of a string result that is the node's own.
  [[nodiscard]] virtual record::DictionaryPtr dictionary() const;
  virtual void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] virtual base::Status restore(base::ByteReader& reader);
};

using NodePtr = std::unique_ptr<Node>;

[[nodiscard]] NodePtr make_column_node(std::size_t index, record::DType type);
// `literal` has `type` already, or is null.
[[nodiscard]] NodePtr make_literal_node(const Literal& literal, record::DType type);
[[nodiscard]] NodePtr make_kernel_node(const KernelInfo& info);
// Strings against something fixed: asks `matches` once per text and remembers the answer by code.
[[nodiscard]] NodePtr make_string_match_node(std::function<bool(std::string_view)> matches);
// is_in of anything but strings; the literals have `type` or are null.
[[nodiscard]] NodePtr make_set_node(const std::vector<Literal>& list, record::DType type);
[[nodiscard]] NodePtr make_shift_node(std::size_t distance, record::DType type);  // shift_node.cpp

}  // namespace headrace::validate
