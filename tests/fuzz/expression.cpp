// Expressions: what is accepted gives the same values for rows in one batch, one at a time, and
// after a restart in between; it names no column that is not there.
#include <algorithm>
#include <random>

#include <headrace/validate/expression.hpp>

#include "fuzz_check.hpp"
#include "support/table.hpp"

namespace {

using namespace headrace;
using fuzz::require;
using test::Cell;
using validate::CompiledExpression;

constexpr std::size_t kRows = 7;

const test::Table& table() {
  static const test::Table made = [] {
    std::mt19937 random(5);
    return test::random_table(random, kRows, 2);
  }();
  return made;
}

void add(CompiledExpression& expression, std::size_t begin, std::size_t end,
         std::vector<Cell>& cells) {
  static const record::RecordBatch all = test::batch_of(table(), 0, kRows);
  const record::RecordBatch batch =
      end - begin == kRows ? all : test::batch_of(table(), begin, end);
  const record::Column column = expression.evaluate(batch);
  for (std::size_t i = 0; i < end - begin; ++i) cells.push_back(test::cell_of(column, i));
}

std::vector<std::byte> saved(const CompiledExpression& expression) {
  base::ByteWriter writer;
  expression.snapshot(writer);
  return std::move(writer).take();
}

void check(const validate::Expression& tree, CompiledExpression& whole, std::string_view text) {
  const auto compile = [&] {
    return CompiledExpression::compile(tree, *table().schema).value_or_throw();
  };
  std::vector<Cell> expected;
  add(whole, 0, kRows, expected);
  std::vector<Cell> cells;
  CompiledExpression first = compile();
  for (std::size_t row = 0; row < 3; ++row) add(first, row, row + 1, cells);
  const std::vector<std::byte> bytes = saved(first);
  CompiledExpression second = compile();
  base::ByteReader reader(bytes);
  require(second.restore(reader).ok() && reader.remaining() == 0, "its own state is taken", text);
  for (std::size_t row = 3; row < kRows; ++row) add(second, row, row + 1, cells);
  require(std::ranges::equal(cells, expected, test::same), "same values however cut", text);
  require(saved(second) == saved(whole), "same state however cut", text);
  const bool any_null = std::ranges::any_of(expected, [](const Cell& c) { return !c.has_value(); });
  require(whole.nullable() || !any_null, "nulls were announced", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> exact(data, data + size);
  const std::string_view text = fuzz::view_of(exact);
  const base::Result<validate::Expression> tree = validate::parse_expression(text);
  if (!tree) {
    require(!tree.error().message.empty(), "refused in words", text);
    return 0;
  }
  const std::string written = validate::to_text(*tree);
  for (const std::string& name : validate::columns_of(*tree)) {
    require(written.find(name) != std::string::npos, "a column that is read is shown", text);
  }
  auto compiled = CompiledExpression::compile(*tree, *table().schema);
  if (compiled) {
    check(*tree, *compiled, text);
  } else {
    require(!compiled.error().message.empty(), "refused in words", text);
  }
  return 0;
}
