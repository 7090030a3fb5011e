#include <headrace/validate/expression.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <headrace/validate/program.hpp>

namespace headrace::validate {
namespace {

using record::Column;
using record::DType;

// What the record floor promises under a null.
void clear_value(DType type, std::byte* values, std::size_t row) noexcept {
  switch (type) {
    case DType::kBool:
      values[row] = std::byte{0};
      return;
    case DType::kString:
      reinterpret_cast<std::int32_t*>(values)[row] = -1;
      return;
    case DType::kFloat64:
      reinterpret_cast<double*>(values)[row] = std::numeric_limits<double>::quiet_NaN();
      return;
    default:
      reinterpret_cast<std::int64_t*>(values)[row] = 0;
  }
}

}  // namespace

struct CompiledExpression::Impl {
  explicit Impl(Program compiled) : program(std::move(compiled)), results(program.steps.size()) {}

  [[nodiscard]] Step& root() { return program.steps[static_cast<std::size_t>(program.root)]; }

  Column evaluate(const record::RecordBatch& batch) {
    for (Step& step : program.steps) step.node->begin(batch);
    Column out = Column::make(root().type, batch.rows());
    for (std::size_t begin = 0; begin < batch.rows(); begin += kBlockRows) {
      const BlockRows rows{batch, begin, std::min(kBlockRows, batch.rows() - begin)};
      run_block(rows, out);
      keep_block(rows, out);
    }
    out.dictionary = root().node->dictionary();
    return out;
  }

 private:
  // The root writes straight into the column.
  void run_block(const BlockRows& rows, Column& out) {
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
      Step& step = program.steps[i];
      args.clear();
      for (const int arg : step.args) args.push_back(results[static_cast<std::size_t>(arg)]);
      BlockOut to{.values = step.values->data(), .valid = step.valid->as<std::uint8_t>()};
      if (static_cast<int>(i) == program.root) to.values = place(out, rows.begin);
      results[i] = step.node->run(rows, args, to);
    }
  }

  void keep_block(const BlockRows& rows, Column& out) {
    const Block& block = results[static_cast<std::size_t>(program.root)];
    std::byte* values = place(out, rows.begin);
    if (block.values != values) {  // a literal
      std::memcpy(values, block.values, rows.rows * record::width_of(out.type));
    }
    if (block.valid == nullptr) return;
    for (std::size_t i = 0; i < rows.rows; ++i) {
      if (block.valid[i] != 0) continue;
      clear_value(out.type, values, i);
      out.set_null(rows.begin + i, rows.batch.rows());
    }
  }

  static std::byte* place(Column& out, std::size_t row) noexcept {
    return out.data->data() + row * record::width_of(out.type);
  }

 public:
  Program program;
  std::vector<Block> results;  // of each step, for the block at hand
  std::vector<Block> args;
  int bare_column = -1;  // the whole expression is this column
};

base::Result<CompiledExpression> CompiledExpression::compile(const Expression& expression,
                                                             const record::Schema& schema) {
  base::Result<Program> program = compile_program(expression, schema);
  if (!program) return program.error();
  auto impl = std::make_unique<Impl>(std::move(*program));
  if (expression.kind == Expression::Kind::kColumn) {
    impl->bare_column = schema.index_of(expression.name);
  }
  return CompiledExpression(std::move(impl));
}

CompiledExpression::CompiledExpression(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CompiledExpression::CompiledExpression(CompiledExpression&&) noexcept = default;
CompiledExpression& CompiledExpression::operator=(CompiledExpression&&) noexcept = default;
CompiledExpression::~CompiledExpression() = default;

DType CompiledExpression::type() const noexcept { return impl_->root().type; }
bool CompiledExpression::nullable() const noexcept { return impl_->program.nullable; }

Column CompiledExpression::evaluate(const record::RecordBatch& batch) {
  if (impl_->bare_column >= 0) {
    return batch.column(static_cast<std::size_t>(impl_->bare_column));
  }
  return impl_->evaluate(batch);
}

void CompiledExpression::snapshot(base::ByteWriter& writer) const {
  for (const Step& step : impl_->program.steps) step.node->snapshot(writer);
}

base::Status CompiledExpression::restore(base::ByteReader& reader) {
  for (Step& step : impl_->program.steps) {
    if (base::Status status = step.node->restore(reader); !status) return status;
  }
  return {};
}

}  // namespace headrace::validate
