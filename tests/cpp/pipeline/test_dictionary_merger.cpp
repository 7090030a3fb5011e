#include <headrace/pipeline/dictionary_merger.hpp>

#include <memory>
#include <string>
#include <vector>

#include "catch.hpp"

using headrace::pipeline::DictionaryMerger;
using headrace::record::Dictionary;
using headrace::record::DictionaryPtr;

namespace {

DictionaryPtr dictionary_of(const std::vector<std::string>& words) {
  auto made = std::make_shared<Dictionary>();
  for (const std::string& word : words) (void)made->intern(word);
  return made;
}

}  // namespace

TEST_CASE("the same word gets the same code whichever dictionary it came from") {
  DictionaryMerger merger;
  const DictionaryPtr a = dictionary_of({"x", "y", "z"});
  const DictionaryPtr b = dictionary_of({"z", "w", "x"});
  std::vector<std::int32_t> from_a(4);
  std::vector<std::int32_t> from_b(3);
  merger.remap(a, std::vector<std::int32_t>{2, -1, 0, 2}, from_a.data());
  merger.remap(b, std::vector<std::int32_t>{0, 1, 2}, from_b.data());
  CHECK(from_a == std::vector<std::int32_t>{0, -1, 1, 0});
  CHECK(from_b == std::vector<std::int32_t>{0, 2, 1});
  CHECK(merger.dictionary()->size() == 3);
  CHECK(merger.dictionary()->text(2) == "w");
}

TEST_CASE("a dictionary may grow between calls, and a column of nulls needs none") {
  DictionaryMerger merger;
  const DictionaryPtr words = dictionary_of({"x"});
  std::int32_t out = -7;
  merger.remap(words, std::vector<std::int32_t>{0}, &out);
  (void)words->intern("later");
  merger.remap(words, std::vector<std::int32_t>{1}, &out);
  CHECK(merger.dictionary()->text(out) == "later");
  merger.remap(nullptr, std::vector<std::int32_t>{-1}, &out);
  CHECK(out == -1);
}

TEST_CASE("more dictionaries than tables still agree") {
  DictionaryMerger merger;
  for (std::size_t i = 0; i < 2 * DictionaryMerger::kSources + 3; ++i) {
    std::int32_t out = -7;
    merger.remap(dictionary_of({"other" + std::to_string(i % 5), "same"}),
                 std::vector<std::int32_t>{1}, &out);
    REQUIRE(out == 0);
  }
}
