#include <headrace/pipeline/commit_mark.hpp>

#include "catch.hpp"

using namespace headrace::pipeline;

TEST_CASE("commit mark: what was written is read back") {
  const CommitMark mark{.commit = 7,
                        .from = 1'204'551,
                        .finished = true,
                        .resting = true,
                        .plan = "9f3a",
                        .models = "0c1d,77fe",
                        .run = "c1d2",
                        .digest = "0123456789abcdef"};
  const auto back = mark_from(to_text(mark));
  REQUIRE(back);
  CHECK(back->commit == 7);
  CHECK(back->from == 1'204'551);
  CHECK(back->finished);
  CHECK(back->resting);
  CHECK(back->plan == "9f3a");
  CHECK(back->run == "c1d2");
  CHECK(back->digest == "0123456789abcdef");
  CHECK(to_text(*back) == to_text(mark));
}

TEST_CASE("commit mark: somebody else's metadata is none of ours") {
  for (const char* text : {"", "hr1", "hr2;n=1;from=0", "hr1;n=x;from=0", "hr1;n=1;from",
                           "hr1;n=-1;from=0", "hr1;from=0", "consumer lag exporter"}) {
    CHECK_FALSE(mark_from(text));
  }
}

TEST_CASE("commit mark: what a later version adds does no harm") {
  const auto mark = mark_from("hr1;n=3;from=9;plan=p;run=r;colour=blue");
  REQUIRE(mark);
  CHECK(mark->commit == 3);
  CHECK(mark->from == 9);
}

TEST_CASE("commit mark: the digest's text tells rows and columns apart") {
  CHECK(text_of(Digest{}).size() == 16);
  CHECK(text_of(Digest{}) == text_of(Digest{}));
}
