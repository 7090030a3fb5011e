#include <headrace/pipeline/digest.hpp>

#include <limits>
#include <random>

#include "catch.hpp"
#include "support/table.hpp"

using namespace headrace;
using pipeline::Digest;

namespace {

Digest digest_of(const test::Table& table, const std::vector<std::size_t>& cuts) {
  Digest digest;
  for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
    digest.update(test::batch_of(table, cuts[k], cuts[k + 1]));
  }
  return digest;
}

Digest digest_of(const test::Table& table) { return digest_of(table, {0, table.rows.size()}); }

test::Table doubles(const std::vector<test::Cell>& cells) {
  test::Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "x", .type = record::DType::kFloat64, .nullable = true}});
  for (const test::Cell& cell : cells) {
    table.rows.push_back({cell});
    table.keys.push_back(0);
  }
  return table;
}

std::uint64_t of(const std::vector<test::Cell>& cells) {
  return digest_of(doubles(cells)).columns()[0];
}

}  // namespace

TEST_CASE("the digest does not depend on where the stream is cut, nor on dictionary codes") {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    const test::Table table = test::random_table(random, 1 + random() % 4000, 3);
    const Digest expected = digest_of(table);  // one batch, one dictionary a column
    const Digest cut = digest_of(table, test::random_cuts(random, table.rows.size()));
    CHECK(cut.columns() == expected.columns());
    CHECK(cut.rows() == table.rows.size());
    // Dictionaries that hold other texts first: every code is another.
    std::vector<record::DictionaryPtr> words;
    for (std::size_t c = 0; c < table.schema->size(); ++c) {
      words.push_back(std::make_shared<record::Dictionary>());
      for (const char* text : {"zz", "AAPM", "a"}) CHECK(words.back()->intern(text) >= 0);
    }
    Digest renamed;
    renamed.update(test::batch_of(table, 0, table.rows.size(), words));
    CHECK(renamed.columns() == expected.columns());
  }
}

TEST_CASE("one bit of one value, wherever it stands, changes its column's digest and no other") {
  std::mt19937 random(6);
  test::Table table = test::random_table(random, 500, 3);
  const std::vector<std::uint64_t> before = digest_of(table).columns();
  for (int round = 0; round < 300; ++round) {
    const std::size_t row = random() % table.rows.size();
    const std::size_t c = random() % table.schema->size();
    const test::Cell kept = table.rows[row][c];
    if (!kept) continue;
    test::Cell& cell = table.rows[row][c];
    if (auto* truth = std::get_if<bool>(&*cell)) {
      *truth = !*truth;
    } else if (auto* integer = std::get_if<std::int64_t>(&*cell)) {
      *integer ^= std::int64_t{1} << (random() % 63);
    } else if (auto* number = std::get_if<double>(&*cell)) {
      *number = std::isnan(*number) ? 7.0 : std::nextafter(*number, 7.0);
    } else {
      std::get<std::string>(*cell) += '\0';
    }
    const std::vector<std::uint64_t> after = digest_of(table).columns();
    for (std::size_t i = 0; i < after.size(); ++i) CHECK((after[i] != before[i]) == (i == c));
    cell = kept;
  }
}

TEST_CASE("order, zeros, signs and nulls count; the bits of a NaN do not") {
  CHECK(of({1.0, 2.0}) != of({2.0, 1.0}));
  CHECK(of({0.0}) != of({0.0, 0.0}));
  CHECK(of({0.0, 1.0}) != of({1.0}));
  CHECK(of({0.0}) != of({-0.0}));
  CHECK(of({std::nullopt}) != of({0.0}));
  CHECK(of({std::nullopt}) != of({std::nan("")}));
  CHECK(of({std::nullopt, 1.0}) != of({1.0, std::nullopt}));
  CHECK(of({std::nan("1")}) == of({-std::nan("2")}));
}

TEST_CASE("texts count by their bytes and their length") {
  const auto text = [](const std::vector<std::string>& texts) {
    test::Table table;
    table.schema = std::make_shared<const record::Schema>(
        std::vector<record::Field>{{.name = "s", .type = record::DType::kString}});
    for (const std::string& entry : texts) {
      table.rows.push_back({entry});
      table.keys.push_back(0);
    }
    return digest_of(table).columns()[0];
  };
  CHECK(text({"a"}) != text({std::string("a\0", 2)}));
  CHECK(text({"12345678"}) != text({"12345678", ""}));
  CHECK(text({"12345678abc"}) != text({"12345678abd"}));
  CHECK(text({"ab", "c"}) != text({"a", "bc"}));
  CHECK(text({""}) != text({}));
}

TEST_CASE("tasks combine in any order") {
  std::mt19937 random(7);
  const test::Table a = test::random_table(random, 100, 3);
  const test::Table b = test::random_table(random, 200, 3);
  Digest ab = digest_of(a);
  ab.combine(digest_of(b));
  Digest ba;
  ba.combine(digest_of(b));
  ba.combine(digest_of(a));
  CHECK(ab.columns() == ba.columns());
  CHECK(ab.rows() == 300);
  CHECK(ab.columns() != digest_of(a).columns());
}

TEST_CASE("a restored digest goes on") {
  std::mt19937 random(8);
  const test::Table table = test::random_table(random, 300, 3);
  Digest first = digest_of(table, {0, 120});
  base::ByteWriter saved;
  first.snapshot(saved);
  Digest second = digest_of(table, {0, 50});
  base::ByteReader reader(saved.bytes());
  REQUIRE(second.restore(reader));
  second.update(test::batch_of(table, 120, 300));
  CHECK(second.columns() == digest_of(table).columns());
  CHECK(second.rows() == 300);
  for (std::size_t size = 0; size < saved.bytes().size(); ++size) {
    base::ByteReader cut(saved.bytes().first(size));
    CHECK_FALSE(Digest().restore(cut));
  }
}
