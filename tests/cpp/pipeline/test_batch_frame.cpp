#include <headrace/pipeline/batch_frame.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using record::RecordBatch;

TEST_CASE("a batch as a frame has its rows, their place and the words they need") {
  const test::Table table = test::some_bars();
  const auto words = std::make_shared<record::Dictionary>();
  for (int i = 0; i < 1000; ++i) (void)words->intern("other" + std::to_string(i));
  std::vector<record::DictionaryPtr> dictionaries(5, std::make_shared<record::Dictionary>());
  dictionaries[1] = words;
  RecordBatch batch = test::batch_of(table, 0, 5, dictionaries);
  batch.task = {.topic = 2, .partition = 7};
  const pipeline::Frame frame = pipeline::frame_of(batch);
  CHECK(frame.rows == 5);
  CHECK(frame.schema == table.schema);
  CHECK(frame.partitions->as<std::int32_t>()[4] == 7);
  CHECK(frame.topics->as<std::int32_t>()[0] == 2);
  CHECK(frame.offsets->as<std::int64_t>()[3] == 1003);
  CHECK(frame.columns[2].data == batch.column(2).data);
  CHECK(frame.columns[1].dictionary->size() == 2);
  CHECK(test::cell_of(frame.columns[1], 3) == test::Cell("IBM"));
  CHECK_FALSE(frame.exclusive);
}

TEST_CASE("a short dictionary stays, and nulls stay null") {
  test::Table table = test::some_bars();
  const RecordBatch batch = test::whole(table);
  CHECK(pipeline::frame_of(batch).columns[1].dictionary == batch.column(1).dictionary);
  CHECK_FALSE(pipeline::frame_of(batch).columns[4].is_valid(2));
  CHECK(pipeline::frame_of(test::batch_of(table, 0, 0)).rows == 0);
}
