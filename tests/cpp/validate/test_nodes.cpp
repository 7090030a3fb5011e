#include <headrace/validate/nodes.hpp>

#include <array>
#include <random>

#include "catch.hpp"
#include "support/table.hpp"

using namespace headrace;
using namespace headrace::validate;
using record::DType;

namespace {

struct Room {
  alignas(64) std::array<std::int64_t, kBlockRows> values{};
  std::array<std::uint8_t, kBlockRows> valid{};
  [[nodiscard]] BlockOut out() { return {.values = values.data(), .valid = valid.data()}; }
};

Block run(Node& node, const record::RecordBatch& batch, Room& room, std::vector<Block> args = {}) {
  node.begin(batch);
  return node.run({batch, 0, batch.rows()}, args, room.out());
}

record::RecordBatch words(std::vector<test::Cell> cells, const record::DictionaryPtr& dictionary) {
  test::Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "s", .type = DType::kString, .nullable = true}});
  for (test::Cell& cell : cells) {
    table.rows.push_back({std::move(cell)});
    table.keys.push_back(0);
  }
  return test::batch_of(table, 0, table.rows.size(), {dictionary});
}

const test::Cell kNone;
test::Cell text(const char* value) { return std::string(value); }

}  // namespace

TEST_CASE("a column without nulls in the block says so, whatever its bitmap says elsewhere") {
  std::mt19937 random(1);
  test::Table table = test::random_table(random, 600, 1);
  for (std::size_t i = 0; i < 512; ++i) table.rows[i][3] = std::int64_t{1};
  table.rows[599][3] = std::nullopt;
  const record::RecordBatch batch = test::batch_of(table, 0, 600);
  const NodePtr node = make_column_node(3, DType::kInt64);
  Room room;
  CHECK(node->run({batch, 0, 512}, {}, room.out()).valid == nullptr);
  const Block second = node->run({batch, 512, 88}, {}, room.out());
  REQUIRE(second.valid != nullptr);
  CHECK(second.valid[87] == 0);
  CHECK(second.values == batch.column(3).values<std::int64_t>() + 512);
}

TEST_CASE("a string is asked about once per text") {
  const auto dictionary = std::make_shared<record::Dictionary>();
  int asked = 0;
  const NodePtr node = make_string_match_node([&asked](std::string_view value) {
    ++asked;
    return value == "b";
  });
  const NodePtr column = make_column_node(0, DType::kString);
  Room column_room;
  Room room;
  for (int i = 0; i < 3; ++i) {
    const auto batch = words({text("a"), text("b"), kNone, text("b")}, dictionary);
    const Block out = run(*node, batch, room, {run(*column, batch, column_room)});
    CHECK(out.as<std::uint8_t>()[0] == 0);
    CHECK(out.as<std::uint8_t>()[1] == 1);
    CHECK_FALSE(out.is_valid(2));
  }
  CHECK(asked == 2);
  // Another dictionary, where the same codes mean other texts.
  const auto other = words({text("b"), text("a")}, std::make_shared<record::Dictionary>());
  const Block out = run(*node, other, room, {run(*column, other, column_room)});
  CHECK(out.as<std::uint8_t>()[0] == 1);
  CHECK(out.as<std::uint8_t>()[1] == 0);
  CHECK(asked == 4);
}

TEST_CASE("no number is in an empty set, and NaN in none") {
  const std::array<double, 3> values{1.0, std::nan(""), 0.0};
  const Block in{.values = values.data(), .valid = nullptr, .dictionary = nullptr};
  std::mt19937 random(1);
  const auto batch = test::batch_of(test::random_table(random, 3, 1), 0, 3);
  Room room;
  const auto run_set = [&](const std::vector<Literal>& list) {
    const auto* out =
        run(*make_set_node(list, DType::kFloat64), batch, room, {in}).as<std::uint8_t>();
    return std::vector<int>(out, out + 3);
  };
  CHECK(run_set({}) == std::vector<int>{0, 0, 0});
  const Literal one{.type = DType::kFloat64, .value = 1.0};
  const Literal minus_zero{.type = DType::kFloat64, .value = -0.0};
  CHECK(run_set({one, minus_zero, {}}) == std::vector<int>{1, 0, 1});
}

TEST_CASE("shift looks back within a key, and a null that was there comes back as null") {
  std::mt19937 random(3);
  test::Table table = test::random_table(random, 6, 1);
  table.keys = {0, 1, 0, 1, 0, 2};
  for (std::size_t i = 0; i < 6; ++i) table.rows[i][3] = static_cast<std::int64_t>(i);
  table.rows[1][3] = std::nullopt;
  const auto batch = test::batch_of(table, 0, 6);
  const NodePtr column = make_column_node(3, DType::kInt64);
  const NodePtr shift = make_shift_node(1, DType::kInt64);
  Room column_room;
  Room room;
  const Block out = run(*shift, batch, room, {run(*column, batch, column_room)});
  const std::vector<int> valid(out.valid, out.valid + 6);
  CHECK(valid == std::vector<int>{0, 0, 1, 0, 1, 0});
  CHECK(out.as<std::int64_t>()[2] == 0);
  CHECK(out.as<std::int64_t>()[4] == 2);
}

TEST_CASE("equal contents give equal snapshots, wherever they stand in their rings") {
  std::mt19937 random(4);
  test::Table table = test::random_table(random, 20, 1);
  const NodePtr column = make_column_node(4, DType::kFloat64);
  const auto snapshot_after = [&](std::size_t begin) {
    const NodePtr shift = make_shift_node(3, DType::kFloat64);
    const auto batch = test::batch_of(table, begin, 20);
    Room column_room;
    Room room;
    (void)run(*shift, batch, room, {run(*column, batch, column_room)});
    base::ByteWriter writer;
    shift->snapshot(writer);
    return std::move(writer).take();
  };
  CHECK(snapshot_after(0) == snapshot_after(16));
}
