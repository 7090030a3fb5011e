#include <headrace/record/own_dictionary.hpp>

#include <string>

#include "catch.hpp"

using namespace headrace::record;

TEST_CASE("codes of any dictionary are translated by their text") {
  const auto first = std::make_shared<Dictionary>();
  const auto second = std::make_shared<Dictionary>();
  const std::int32_t ibm = first->intern("IBM");
  (void)second->intern("AAPL");
  const std::int32_t ibm_again = second->intern("IBM");
  OwnDictionary words;
  const std::int32_t own = words.translate(first, ibm);
  CHECK(words.get()->text(own) == "IBM");
  CHECK(words.translate(second, ibm_again) == own);
  CHECK(words.translate(first, ibm) == own);
  (void)first->intern("later");
  CHECK(words.get()->text(words.translate(first, 1)) == "later");
}

TEST_CASE("renewing keeps the texts that are held and forgets the others") {
  const auto from = std::make_shared<Dictionary>();
  OwnDictionary words;
  std::vector<std::int32_t> codes;
  std::vector<std::uint8_t> valid;
  const std::string padding(200, '.');
  for (int i = 0; !words.is_full(); ++i) {
    const std::int32_t code = words.translate(from, from->intern(std::to_string(i) + padding));
    codes.push_back(i % 1000 == 0 ? code : -1);
    valid.push_back(i % 1000 == 0 ? 1 : 0);
  }
  const std::size_t before = words.get()->memory();
  CHECK(before > OwnDictionary::kCap);
  words.renew(codes, valid);
  CHECK_FALSE(words.is_full());
  CHECK(words.get()->memory() < before / 10);
  for (std::size_t i = 0; i < codes.size(); i += 1000) {
    CHECK(words.get()->text(codes[i]) == std::to_string(i) + padding);
  }
  // What was translated before is not taken for a code of the new generation.
  CHECK(words.get()->text(words.translate(from, 7)) == "7" + padding);
}

TEST_CASE("where everything is held, the next renewal waits for twice as much") {
  const auto from = std::make_shared<Dictionary>();
  OwnDictionary words;
  std::vector<std::int32_t> codes;
  const std::string padding(4000, '.');
  for (int i = 0; !words.is_full(); ++i) {
    codes.push_back(words.translate(from, from->intern(std::to_string(i) + padding)));
  }
  words.renew(codes, std::vector<std::uint8_t>(codes.size(), 1));
  CHECK_FALSE(words.is_full());
  CHECK(words.get()->text(codes.back()) == std::to_string(codes.size() - 1) + padding);
}
