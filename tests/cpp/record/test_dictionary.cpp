#include <headrace/record/dictionary.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

using headrace::record::Dictionary;

TEST_CASE("a text has one code, codes are dense, and text never moves") {
  Dictionary d;
  std::vector<const char*> where;
  const int n = 100'000;
  for (int i = 0; i < n; ++i) {
    REQUIRE(d.intern("key-" + std::to_string(i)) == i);
    where.push_back(d.text(i).data());
  }
  CHECK(d.size() == n);
  for (int i = 0; i < n; ++i) {
    const std::string text = "key-" + std::to_string(i);
    REQUIRE(d.intern(text) == i);
    REQUIRE(d.find(text) == i);
    REQUIRE(d.text(i) == text);
    REQUIRE(d.text(i).data() == where[static_cast<std::size_t>(i)]);
  }
  CHECK(d.find("other") == -1);
  CHECK(d.size() == n);
}

TEST_CASE("empty texts, NUL bytes and long texts are texts like others") {
  Dictionary d;
  const std::string nul("a\0b", 3);
  const std::string lengthy(200'000, 'x');
  CHECK(d.intern("") == 0);
  CHECK(d.intern(nul) == 1);
  CHECK(d.intern("a") == 2);
  CHECK(d.intern(lengthy) == 3);
  CHECK(d.text(1) == nul);
  CHECK(d.text(3) == lengthy);
  CHECK(d.intern("") == 0);
  CHECK(d.memory() >= lengthy.size());
}
