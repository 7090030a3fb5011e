#include <headrace/validate/expression.hpp>

#include <limits>
#include <random>

#include "catch.hpp"
#include "naive_expression.hpp"

using namespace headrace;
using namespace headrace::validate;
using record::DType;
using test::Table;

namespace {

// Trees that fit the columns of test::random_table, by the type they give.
class Generator {
 public:
  explicit Generator(std::mt19937& random) : random_(random) {}

  Expression tree(DType type, int depth) {
    if (depth == 0 || random_() % 6 == 0) return leaf(type);
    if (random_() % 8 == 0) return call("shift", {tree(type, depth - 1), integer(distance())});
    switch (type) {
      case DType::kBool:
        return truth(depth - 1);
      case DType::kInt64:
        return whole(depth - 1);
      case DType::kFloat64:
        return real(depth - 1);
      default:
        return leaf(type);
    }
  }

 private:
  using Names = std::vector<std::string>;

  template <class T>
  T pick(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }
  std::int64_t distance() { return static_cast<std::int64_t>(1 + random_() % 3); }

  static Expression call(std::string name, std::vector<Expression> args) {
    Expression e;
    e.kind = Expression::Kind::kCall;
    e.name = std::move(name);
    e.args = std::move(args);
    return e;
  }
  static Expression column(std::string name) {
    Expression e;
    e.kind = Expression::Kind::kColumn;
    e.name = std::move(name);
    return e;
  }
  static Expression constant(Literal literal) {
    Expression e;
    e.literal = std::move(literal);
    return e;
  }
  static Expression integer(std::int64_t value) {
    return constant({.type = DType::kInt64, .value = value});
  }
  Literal literal(DType type) {
    if (random_() % 6 == 0) return {.type = type, .value = {}};
    switch (type) {
      case DType::kBool:
        return {.type = type, .value = random_() % 2 == 0};
      case DType::kFloat64:
        return {.type = type, .value = pick<double>({0.0, 0.5, 1.0, -3.25})};
      case DType::kString:
        return {.type = type, .value = pick<std::string>({"AAPL", "", "B"})};
      default:
        return {.type = type, .value = pick<std::int64_t>({0, 1, 2, -7})};
    }
  }
  Expression leaf(DType type) {
    static const std::vector<Names> kColumns{
        {"yes", "maybe"}, {"i", "j"}, {"x", "y"}, {"s", "t"}, {"at", "then"}};
    if (random_() % 4 == 0) return constant(literal(type));
    return column(pick(kColumns[static_cast<std::size_t>(type)]));
  }
  Expression number(int depth) {
    return tree(random_() % 2 == 0 ? DType::kInt64 : DType::kFloat64, depth);
  }
  // A pair that may be compared, one of them perhaps a float and the other an integer.
  std::vector<Expression> pair(DType type, int depth) {
    if (type == DType::kInt64 || type == DType::kFloat64) return {number(depth), number(depth)};
    return {tree(type, depth), tree(type, depth)};
  }
  Expression truth(int depth) {
    const auto any = static_cast<DType>(random_() % 5);
    const auto ordered = static_cast<DType>(1 + random_() % 4);
    switch (random_() % 8) {
      case 0:
        return call("~", {tree(DType::kBool, depth)});
      case 1:
        return call("is_null", {tree(any, depth)});
      case 2: {
        Expression e = call("is_in", {tree(any, depth)});
        for (int i = 0; i < 3; ++i) e.list.push_back(literal(any));
        if (any == DType::kInt64 && random_() % 2 == 0) e.list.push_back(literal(DType::kFloat64));
        return e;
      }
      case 3: {
        std::vector<Expression> args = pair(ordered, depth);
        args.push_back(tree(ordered, depth));
        return call("between", std::move(args));
      }
      case 4:
        return call(pick<std::string>({"==", "!="}), pair(any, depth));
      case 5:
        return call(pick<std::string>({"<", "<=", ">", ">="}), pair(ordered, depth));
      default:
        return call(pick<std::string>({"&", "|"}), pair(DType::kBool, depth));
    }
  }
  Expression whole(int depth) {
    switch (random_() % 6) {
      case 0:
        return call(pick<std::string>({"neg", "abs"}), {tree(DType::kInt64, depth)});
      case 1:
        return call("-", {tree(DType::kTimestamp, depth), tree(DType::kTimestamp, depth)});
      default:
        return call(pick<std::string>({"+", "-", "*"}),
                    {tree(DType::kInt64, depth), tree(DType::kInt64, depth)});
    }
  }
  Expression real(int depth) {
    if (random_() % 4 == 0) {
      return call(pick<std::string>({"neg", "abs"}), {tree(DType::kFloat64, depth)});
    }
    if (random_() % 4 == 0) return call("/", {number(depth), number(depth)});
    return call(pick<std::string>({"+", "-", "*", "/"}),
                {tree(DType::kFloat64, depth), number(depth)});
  }
  std::mt19937& random_;
};

CompiledExpression compiled(const Expression& tree, const record::Schema& schema) {
  return CompiledExpression::compile(tree, schema).value_or_throw();
}

Expression parsed(std::string_view json) { return parse_expression(json).value_or_throw(); }

void check_value_under_null(const record::Column& column, std::size_t row) {
  if (column.type == DType::kFloat64) {
    CHECK(std::isnan(column.values<double>()[row]));
  } else if (column.type == DType::kString) {
    CHECK(column.values<std::int32_t>()[row] == -1);
  } else if (column.type == DType::kBool) {
    CHECK(column.values<std::uint8_t>()[row] == 0);
  } else {
    CHECK(column.values<std::int64_t>()[row] == 0);
  }
}

// The message of the error that `json` gives against test::random_table's columns.
std::string refusal(std::string_view json) {
  std::mt19937 random(1);
  const Table table = test::random_table(random, 1, 1);
  base::Result<Expression> tree = parse_expression(json);
  if (!tree) return tree.error().message;
  base::Result<CompiledExpression> made = CompiledExpression::compile(*tree, *table.schema);
  REQUIRE_FALSE(made);
  return made.error().message;
}

}  // namespace

TEST_CASE("compiled expressions equal the row-at-a-time definition, however the stream is cut") {
  std::mt19937 random(20240102);
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    const Table table =
        test::random_table(random, 1 + random() % 3000, static_cast<std::uint32_t>(1 + round % 5));
    const Expression tree = Generator(random).tree(static_cast<DType>(random() % 5), 4);
    INFO("round " << round << ": " << to_text(tree));
    base::Result<CompiledExpression> made = CompiledExpression::compile(tree, *table.schema);
    if (!made) FAIL(made.error().message);
    const test::NaiveExpression oracle(table, tree);
    const std::vector<std::size_t> cuts = test::random_cuts(random, table.rows.size());
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      const record::RecordBatch batch = test::batch_of(table, cuts[k], cuts[k + 1]);
      const record::Column out = made->evaluate(batch);
      REQUIRE(out.type == made->type());
      for (std::size_t i = 0; i < batch.rows(); i += 1 + random() % 16) {
        const test::Cell expected = oracle.at(cuts[k] + i);
        if (!test::same(test::cell_of(out, i), expected)) FAIL("differs in row " << cuts[k] + i);
        if (!expected) {
          CHECK(made->nullable());
          check_value_under_null(out, i);
        }
        ++compared;
      }
    }
  }
  CHECK(compared > 10'000);
}

TEST_CASE("a restored expression goes on as if nothing had been") {
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    const Table table = test::random_table(random, 200, 4);
    Generator generator(random);
    const Expression tree{
        .kind = Expression::Kind::kCall,
        .name = "shift",
        .literal = {},
        .args = {generator.tree(static_cast<DType>(random() % 5), 3), parsed("2")},
        .list = {}};
    const std::size_t cut = random() % 201;
    CompiledExpression first = compiled(tree, *table.schema);
    const auto before = first.evaluate(test::batch_of(table, 0, cut));
    base::ByteWriter saved;
    first.snapshot(saved);

    CompiledExpression second = compiled(tree, *table.schema);
    const auto elsewhere = second.evaluate(test::batch_of(table, 50, 90));  // restore forgets this
    base::ByteReader reader(saved.bytes());
    REQUIRE(second.restore(reader));
    CHECK(reader.remaining() == 0);
    base::ByteWriter again;
    second.snapshot(again);
    CHECK(std::equal(saved.bytes().begin(), saved.bytes().end(), again.bytes().begin(),
                     again.bytes().end()));
    const record::RecordBatch rest = test::batch_of(table, cut, 200);
    const record::Column a = first.evaluate(rest);
    const record::Column b = second.evaluate(rest);
    for (std::size_t i = 0; i < rest.rows(); ++i) {
      CHECK(test::same(test::cell_of(a, i), test::cell_of(b, i)));
    }
  }
}

TEST_CASE("a snapshot cut short anywhere is an error") {
  std::mt19937 random(8);
  const Table table = test::random_table(random, 50, 3);
  const Expression tree = parsed(R"({"fn":"shift","args":[{"col":"t"},2]})");
  CompiledExpression made = compiled(tree, *table.schema);
  const auto column = made.evaluate(test::batch_of(table, 0, 50));
  base::ByteWriter saved;
  made.snapshot(saved);
  for (std::size_t size = 0; size < saved.bytes().size(); ++size) {
    base::ByteReader reader(saved.bytes().first(size));
    CHECK_FALSE(compiled(tree, *table.schema).restore(reader));
  }
}

TEST_CASE("a snapshot of another shift is refused") {
  std::mt19937 random(8);
  const Table table = test::random_table(random, 5, 1);
  base::ByteWriter saved;
  compiled(parsed(R"({"fn":"shift","args":[{"col":"x"},2]})"), *table.schema).snapshot(saved);
  base::ByteReader reader(saved.bytes());
  const base::Status status =
      compiled(parsed(R"({"fn":"shift","args":[{"col":"x"},3]})"), *table.schema).restore(reader);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kCheckpoint);
}

TEST_CASE("a bare column is handed on without a copy") {
  std::mt19937 random(9);
  const Table table = test::random_table(random, 10, 1);
  const record::RecordBatch batch = test::batch_of(table, 0, 10);
  const auto out = compiled(parsed(R"({"col":"y"})"), *table.schema).evaluate(batch);
  CHECK(out.data == batch.column(5).data);
  CHECK(out.validity == batch.column(5).validity);
}

TEST_CASE("an empty batch gives an empty column") {
  std::mt19937 random(9);
  const Table table = test::random_table(random, 3, 1);
  const record::RecordBatch batch = test::batch_of(table, 1, 1);
  const auto out =
      compiled(parsed(R"({"fn":"+","args":[{"col":"i"},1]})"), *table.schema).evaluate(batch);
  CHECK(out.type == DType::kInt64);
  CHECK(out.data);
}

TEST_CASE("shifted strings survive a change of their dictionary's generation") {
  Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "s", .type = DType::kString}});
  const std::string padding(1000, '.');
  for (int i = 0; i < 30'000; ++i) {  // 30 MB of ever new text: several generations
    table.rows.push_back({test::Cell(std::to_string(i) + padding)});
    table.keys.push_back(static_cast<std::uint32_t>(i % 7));
  }
  CompiledExpression lag =
      compiled(parsed(R"({"fn":"shift","args":[{"col":"s"},3]})"), *table.schema);
  record::DictionaryPtr first;
  record::DictionaryPtr last;
  for (std::size_t begin = 0; begin < table.rows.size(); begin += 1000) {
    const record::Column out = lag.evaluate(test::batch_of(table, begin, begin + 1000));
    if (!first) first = out.dictionary;
    last = out.dictionary;
    for (std::size_t i = 0; i < 1000; i += 97) {
      const std::size_t row = begin + i;
      const test::Cell expected = row < 21 ? test::Cell() : table.rows[row - 21][0];
      REQUIRE(test::same(test::cell_of(out, i), expected));
    }
  }
  CHECK(first != last);
  CHECK(last->memory() < 24U << 20U);
}

TEST_CASE("an expression that has no meaning is refused with what was received") {
  struct Case {
    std::string json;
    std::string words;
  };
  const std::vector<Case> cases{
      {R"({"col":"Y"})", R"(no column "Y"; did you mean "y"?)"},
      {R"({"col":"volume"})", "columns: yes, maybe, i, j, x, y, s, t, at, then"},
      {R"({"fn":"+","args":[{"col":"x"},{"col":"s"}]})",
       R"((x + s): "+" takes numbers, got float64 (x) and string (s))"},
      {R"({"fn":">=","args":[{"col":"s"},{"lit":1,"type":"int64"}]})",
       R"(">=" takes two numbers, strings or timestamps, got string (s) and int64 (1))"},
      {R"({"fn":"<","args":[{"col":"yes"},{"col":"maybe"}]})", "got bool (yes) and bool (maybe)"},
      {R"({"fn":"+","args":[{"col":"yes"},1]})", "got bool (yes) and int64 (1)"},
      {R"({"fn":"&","args":[{"col":"yes"},{"col":"i"}]})", R"("&" takes bools)"},
      {R"({"fn":"~","args":[{"col":"i"}]})", R"("~" takes a bool, got int64 (i))"},
      {R"({"fn":"+","args":[{"col":"at"},1]})", "got timestamp (at) and int64 (1)"},
      {R"({"fn":"abs","args":[{"col":"s"}]})", R"("abs" takes a number, got string (s))"},
      {R"({"fn":"==","args":[{"col":"at"},{"lit":"2024-01-02"}]})",
       R"(got timestamp (at) and string ("2024-01-02"))"},
      {R"({"fn":"between","args":[{"col":"x"},{"lit":"a"},{"lit":1}]})",
       R"("between" takes three numbers, strings or timestamps, got float64 (x), string ("a") and int64 (1))"},
      {R"({"fn":"between","args":[{"col":"x"},1]})", "got 2 arguments"},
      {R"({"fn":"is_in","args":[{"col":"i"},[{"lit":"a"}]]})",
       "is_in compares values of one kind, got int64 (i) and a literal of type string"},
      {R"({"fn":"shift","args":[{"col":"i"},0]})",
       "shift(i, 0): shift: expected a whole number of rows from 1 to 100000, got 0"},
      {R"({"fn":"shift","args":[{"col":"i"},{"col":"j"}]})", "got j"},
      {R"({"fn":"shift","args":[{"col":"i"},1.5]})", "got 1.5"},
      {R"({"fn":"betwen","args":[]})", R"(no function "betwen"; did you mean "between"?)"},
      {R"({"fn":"+"})", R"(+: expected "args", a list)"},
      {R"({"col":"x","alias":"y"})", R"(no key "alias")"},
      {R"({"lit":1.5,"type":"int64"})", "literal 1.5 is not of type int64"},
      {R"({"lit":18446744073709551615})", "18446744073709551615"},
      {R"({"lit":1,"type":"decimal"})", R"(no type "decimal")"},
      {R"({"literal":1})", R"(no key "literal"; keys: lit, type)"},
      {R"("Close")", R"(got "Close")"},
      {R"([1])", "got [1]"},
      {R"({"col":)", "not JSON"},
      {"", "not JSON"}};
  for (const Case& c : cases) {
    INFO(c.json);
    const std::string message = refusal(c.json);
    INFO(message);
    CHECK(message.find(c.words) != std::string::npos);
  }
}

TEST_CASE("a tree as deep as a file of brackets is refused, not recursed into") {
  std::string json = R"({"col":"yes"})";
  for (int i = 1; i < kMaxExpressionDepth; ++i) json = R"({"fn":"~","args":[)" + json + "]}";
  CHECK(parse_expression(json));
  Expression tree = parsed(json);
  CHECK_FALSE(parse_expression(R"({"fn":"~","args":[)" + json + "]}"));
  Expression deeper;
  deeper.kind = Expression::Kind::kCall;
  deeper.name = "~";
  deeper.args.push_back(std::move(tree));
  std::mt19937 random(1);
  CHECK_FALSE(CompiledExpression::compile(deeper, *test::random_table(random, 1, 1).schema));
}

TEST_CASE("literals keep their value and type through JSON") {
  CHECK(std::get<double>(parsed("1.5").literal.value) == 1.5);
  CHECK(std::get<double>(parsed(R"({"lit":2,"type":"float64"})").literal.value) == 2.0);
  CHECK(std::get<std::int64_t>(parsed(R"({"lit":-9223372036854775808})").literal.value) ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(parsed(R"({"lit":17,"type":"timestamp"})").literal.type == DType::kTimestamp);
  CHECK(std::get<bool>(parsed(R"({"lit":true})").literal.value));
  CHECK(std::get<std::string>(parsed(R"({"lit":"\u00e9"})").literal.value) == "\xC3\xA9");
  CHECK(std::holds_alternative<std::monostate>(
      parsed(R"({"lit":null,"type":"float64"})").literal.value));
}

TEST_CASE("an expression is shown as a user writes it, and names its columns once") {
  const Expression tree = parsed(
      R"({"fn":"|","args":[{"fn":">=","args":[{"col":"High"},{"col":"Low"}]},
          {"fn":"~","args":[{"fn":"is_in","args":[{"col":"Low"},[{"lit":"a"},{"lit":null}]]}]}]})");
  CHECK(to_text(tree) == R"(((High >= Low) | ~is_in(Low, ["a", null])))");
  CHECK(columns_of(tree) == std::vector<std::string>{"High", "Low"});
}
