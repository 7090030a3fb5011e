#include <headrace/ops/window/group_index.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <random>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::GroupIndex;

namespace {

std::vector<std::size_t> columns(const Table& table, const std::vector<std::string>& names) {
  std::vector<std::size_t> found;
  for (const std::string& name : names) {
    found.push_back(static_cast<std::size_t>(table.schema->index_of(name)));
  }
  return found;
}

// By the cells: 0 and -0 are one value, NaN and null one nothing.
std::string name_of(const std::vector<Cell>& row, const std::vector<std::size_t>& columns) {
  std::string name;
  for (const std::size_t column : columns) {
    const Cell& cell = row[column];
    name += "|";
    if (!cell) continue;
    name += ":";
    if (const auto* x = std::get_if<double>(&*cell)) {
      const auto bits = std::bit_cast<std::uint64_t>(*x == 0 ? 0.0 : *x);
      if (std::isnan(*x)) {
        name.pop_back();
      } else {
        name += std::to_string(bits);
      }
    } else if (const auto* text = std::get_if<std::string>(&*cell)) {
      name += *text;
    } else if (const auto* integer = std::get_if<std::int64_t>(&*cell)) {
      name += std::to_string(*integer);
    } else {
      name += std::get<bool>(*cell) ? "yes" : "no";
    }
  }
  return name;
}

std::uint32_t found_or_added(GroupIndex& groups, std::size_t row) {
  const std::uint32_t known = groups.find(row);
  return known != GroupIndex::kNone ? known : groups.add(row);
}

}  // namespace

// The stream's key (by key ids), text (by codes, with and without null), and what has no cache.
TEST_CASE("rows of one value are one group, in batches with dictionaries old and new") {
  std::mt19937 random(19);
  const std::vector<std::vector<std::string>> groupings{{"i"}, {"s"},    {"t"}, {"t", "maybe"},
                                                        {"x"}, {"then"}, {}};
  for (const std::vector<std::string>& names : groupings) {
    INFO((names.empty() ? "no column" : names[0]));
    const Table table = timed_table(random, 4'000, false);
    const std::vector<std::size_t> by = columns(table, names);
    GroupIndex groups(*table.schema, by);
    std::map<std::string, std::uint32_t> serials;
    const std::vector<std::size_t> cuts = random_cuts(random, 4'000);
    const std::vector<record::DictionaryPtr> kept(table.schema->size(),
                                                  std::make_shared<record::Dictionary>());
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      const record::RecordBatch batch = batch_of(
          table, cuts[k], cuts[k + 1], k % 3 == 0 ? std::vector<record::DictionaryPtr>{} : kept);
      groups.begin(batch);
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        const std::string name = name_of(table.rows[cuts[k] + row], by);
        const std::uint32_t id = groups.find(row);
        REQUIRE((id == GroupIndex::kNone) == !serials.contains(name));
        const auto next = static_cast<std::uint32_t>(serials.size());
        REQUIRE(groups.serial(id == GroupIndex::kNone ? groups.add(row) : id) ==
                serials.emplace(name, next).first->second);
      }
    }
    CHECK(groups.size() == serials.size());
    CHECK(groups.next_serial() == serials.size());
  }
}

TEST_CASE("the values of groups come back, null among them") {
  std::mt19937 random(20);
  const Table table = timed_table(random, 300, false);
  const std::vector<std::size_t> by = columns(table, {"t", "y"});
  GroupIndex groups(*table.schema, by);
  const record::RecordBatch batch = batch_of(table, 0, 300);
  groups.begin(batch);
  std::vector<std::uint32_t> ids;
  std::map<std::uint32_t, std::size_t> first;
  for (std::size_t row = 0; row < 300; ++row) {
    ids.push_back(found_or_added(groups, row));
    first.emplace(ids.back(), row);
  }
  const record::Column texts = groups.values(0, ids);
  const record::Column numbers = groups.values(1, ids);
  for (std::size_t row = 0; row < 300; ++row) {
    const std::vector<Cell>& expected = table.rows[first[ids[row]]];
    CHECK(same(cell_of(texts, row), expected[by[0]]));
    CHECK(same(cell_of(numbers, row), expected[by[1]]));
  }
}

TEST_CASE("a forgotten group is new again, with a serial of its own, in an old place") {
  for (const std::string column : {"i", "s", "then"}) {
    INFO(column);
    std::mt19937 random(21);
    const Table table = timed_table(random, 200, false);
    GroupIndex groups(*table.schema, columns(table, {column}));
    const record::RecordBatch batch = batch_of(table, 0, 200);
    groups.begin(batch);
    std::size_t most = 0;
    for (std::size_t row = 0; row < 200; ++row) {
      std::uint32_t id = groups.find(row);
      if (id != GroupIndex::kNone) {
        const std::uint32_t before = groups.serial(id);
        groups.forget(id);
        REQUIRE(groups.find(row) == GroupIndex::kNone);  // in no cache either
        REQUIRE(groups.serial(id) == GroupIndex::kNone);
        REQUIRE(cell_of(groups.values(0, std::vector{id}), 0).has_value() ==
                table.rows[row][columns(table, {column})[0]].has_value());  // until reuse
        id = groups.add(row);
        REQUIRE(groups.serial(id) > before);
      } else {
        id = groups.add(row);
      }
      if (row % 10 == 0) groups.reuse();
      most = std::max(most, groups.size());
      REQUIRE(groups.find(row) == id);
    }
    CHECK(groups.ids() <= most + 11);
  }
}

TEST_CASE("a restored index knows its groups, in their order, with dense ids") {
  std::mt19937 random(22);
  for (const std::vector<std::string>& names :
       std::vector<std::vector<std::string>>{{"i"}, {"s"}, {"t", "y", "maybe"}, {}}) {
    const Table table = timed_table(random, 300, false);
    const std::vector<std::size_t> by = columns(table, names);
    GroupIndex groups(*table.schema, by);
    const record::RecordBatch batch = batch_of(table, 0, 300);
    groups.begin(batch);
    for (std::size_t row = 0; row < 300; ++row) {
      const std::uint32_t id = found_or_added(groups, row);
      if (row % 5 == 0) groups.forget(id);
    }
    base::ByteWriter writer;
    groups.snapshot(writer);
    GroupIndex after(*table.schema, by);
    base::ByteReader reader(writer.bytes());
    REQUIRE(after.restore(reader));
    CHECK(after.size() == groups.size());
    CHECK(after.ids() == groups.size());
    CHECK(after.next_serial() == groups.next_serial());
    base::ByteWriter again;
    after.snapshot(again);
    CHECK(std::equal(again.bytes().begin(), again.bytes().end(), writer.bytes().begin(),
                     writer.bytes().end()));
    after.begin(batch);
    for (std::size_t row = 0; row < 300; ++row) {
      const std::uint32_t here = groups.find(row);
      const std::uint32_t there = after.find(row);
      REQUIRE((here == GroupIndex::kNone) == (there == GroupIndex::kNone));
      if (here != GroupIndex::kNone) REQUIRE(groups.serial(here) == after.serial(there));
    }
  }
}
