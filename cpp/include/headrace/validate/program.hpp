// A type-checked expression as a list of steps in the order in which they run.
//
// A column that is read several times is one step, and so is the first argument of between(), so
// that a program is the tree without its repetitions.
//
// Thread contract: belongs to one CompiledExpression.
// Cost: two small buffers a step.
//
//   Program program = compile_program(tree, schema).value_or_throw();
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <headrace/validate/nodes.hpp>

namespace headrace::validate {

struct Step {
  NodePtr node;
  record::DType type;
  std::vector<int> args;     // steps before this one
  record::BufferPtr values;  // scratch for one block
  record::BufferPtr valid;
};

struct Program {
  std::vector<Step> steps;
  int root = -1;
  bool nullable = false;

  int add(NodePtr node, record::DType type, std::vector<int> args = {}) {
    steps.push_back({.node = std::move(node),
                     .type = type,
                     .args = std::move(args),
                     .values = record::Buffer::allocate(kBlockRows * record::width_of(type)),
                     .valid = record::Buffer::allocate(kBlockRows)});
    return static_cast<int>(steps.size()) - 1;
  }
};

// Errors are in the user's words: unknown columns and functions, types that do not fit.
[[nodiscard]] base::Result<Program> compile_program(const Expression& expression,
                                                    const record::Schema& schema);

}  // namespace headrace::validate
