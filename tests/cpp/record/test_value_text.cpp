#include <headrace/record/value_text.hpp>

#include <limits>

#include "catch.hpp"

using namespace headrace::record;

TEST_CASE("timestamps are shown in UTC with the digits they have") {
  CHECK(timestamp_text(0) == "1970-01-01T00:00:00Z");
  CHECK(timestamp_text(1'704'187'800'000'000'000) == "2024-01-02T09:30:00Z");
  CHECK(timestamp_text(1'704'187'800'250'000'000) == "2024-01-02T09:30:00.250Z");
  CHECK(timestamp_text(1'704'187'800'000'001'000) == "2024-01-02T09:30:00.000001Z");
  CHECK(timestamp_text(-1) == "1969-12-31T23:59:59.999999999Z");
  CHECK(timestamp_text(951'825'599'000'000'000) == "2000-02-29T11:59:59Z");
  CHECK(timestamp_text(std::numeric_limits<std::int64_t>::min()) ==
        "1677-09-21T00:12:43.145224192Z");
  CHECK(timestamp_text(std::numeric_limits<std::int64_t>::max()) ==
        "2262-04-11T23:47:16.854775807Z");
}

TEST_CASE("lengths of time are shown in the units they have") {
  CHECK(duration_text(0) == "0s");
  CHECK(duration_text(130'000'000'000) == "2m10s");
  CHECK(duration_text(60'000'000'000) == "1m");
  CHECK(duration_text(86'400'000'000'000 + 3'600'000'000'000) == "1d1h");
  CHECK(duration_text(60'050'000'000) == "1m0.05s");
  CHECK(duration_text(1'500'000'000) == "1.5s");
  CHECK(duration_text(250'000'000) == "250ms");
  CHECK(duration_text(1'000'001) == "1.000001ms");
  CHECK(duration_text(1'500) == "1.5us");
  CHECK(duration_text(7) == "7ns");
  CHECK(duration_text(std::numeric_limits<std::uint64_t>::max()) == "213503d23h34m33.709551615s");
}

TEST_CASE("values of every type, and none") {
  Column number = Column::make(DType::kFloat64, 2);
  number.mutable_values<double>()[0] = 187.15;
  number.set_null(1, 2);
  CHECK(value_text(number, 0) == "187.15");
  CHECK(value_text(number, 1) == "null");
  Column integer = Column::make(DType::kInt64, 1);
  integer.mutable_values<std::int64_t>()[0] = std::numeric_limits<std::int64_t>::min();
  CHECK(value_text(integer, 0) == "-9223372036854775808");
  Column truth = Column::make(DType::kBool, 2);
  truth.mutable_values<std::uint8_t>()[0] = 1;
  truth.mutable_values<std::uint8_t>()[1] = 0;
  CHECK(value_text(truth, 0) == "true");
  CHECK(value_text(truth, 1) == "false");
  Column time = Column::make(DType::kTimestamp, 1);
  time.mutable_values<std::int64_t>()[0] = 1;
  CHECK(value_text(time, 0) == "1970-01-01T00:00:00.000000001Z");
}

TEST_CASE("long strings are cut between characters") {
  Column text = Column::make(DType::kString, 2);
  text.dictionary = std::make_shared<Dictionary>();
  text.mutable_values<std::int32_t>()[0] = text.dictionary->intern("AAPL");
  std::string umlauts = "x";
  for (int i = 0; i < 100; ++i) umlauts += "\xC3\xBC";
  text.mutable_values<std::int32_t>()[1] = text.dictionary->intern(umlauts);
  CHECK(value_text(text, 0) == "\"AAPL\"");
  CHECK(value_text(text, 1) == "\"" + umlauts.substr(0, 99) + "...\"");
}
