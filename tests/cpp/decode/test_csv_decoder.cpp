#include <headrace/decode/csv_decoder.hpp>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;
using record::DType;
using record::TimeUnit;
using test::schema_of;

namespace {

struct Reader {
  explicit Reader(const record::SchemaPtr& schema, const DecoderOptions& options = {})
      : decoder(schema, options), builder(schema, 4) {}
  CsvDecoder decoder;
  BatchBuilder builder;

  std::string operator()(std::string_view text) {
    const test::Exact exact(text);
    const auto bad = decoder.append(exact.view(), builder);
    if (bad) return std::string(info(bad->reason).name) + ": " + bad->detail;
    return test::take_row(builder);
  }
};

record::SchemaPtr schema() {
  return schema_of({{.name = "k", .type = DType::kString},
                    {.name = "x", .nullable = true},
                    {.name = "n", .type = DType::kInt64, .nullable = true}});
}

}  // namespace

TEST_CASE("a row is a row, with or without its line end") {
  Reader read(schema());
  for (const char* text :
       {"AAPL,187.5,7", "AAPL,187.5,7\n", "AAPL,187.5,7\r\n", "\"AAPL\",\"187.5\",\"7\""}) {
    CHECK(read(text) == "\"AAPL\" 0x1.77p+7 7");
  }
}

TEST_CASE("quoted fields hold delimiters, line ends and doubled quotes") {
  Reader read(schema());
  CHECK(read("\"a,b\r\nc\",1,2") == "\"a,b\r\nc\" 0x1p+0 2");
  CHECK(read("\"say \"\"hi\"\"\",1,2") == "\"say \"hi\"\" 0x1p+0 2");
  CHECK(read("\"\"\"\",1,2") == "\"\"\" 0x1p+0 2");
  CHECK(read("a\"b,1,2") == "\"a\"b\" 0x1p+0 2");
  CHECK(read("\"\"\"x\",\"1\",\"2\"") == "\"\"x\" 0x1p+0 2");
}

TEST_CASE("an empty field is null, an empty quoted text is a text") {
  Reader read(schema());
  CHECK(read("a,,") == "\"a\" null null");
  CHECK(read("a,\"\",") == "\"a\" null null");
  CHECK(read("\"\",1,2") == "\"\" 0x1p+0 2");
  CHECK(read(",1,2") == "null: field \"k\": null, but the column is not nullable");
}

TEST_CASE("rows of another form are told") {
  Reader read(schema());
  CHECK(read("") == "empty: the value has no bytes");
  CHECK(read("a,1") == "columns: expected 3 fields, got 2");
  CHECK(read("\n") == "columns: expected 3 fields, got 1");
  CHECK(read("a,1,2,") == "columns: expected 3 fields, got more");
  CHECK(read("a,1,2\nb,1,2") == "columns: more than one row");
  CHECK(read("\"a,1,2") == "columns: a quoted field has no end");
  CHECK(read("\"a\"b,1,2") == "columns: field 1: something behind the closing quote");
  CHECK(read("\xFF,1,2") == "utf8: the value is not valid UTF-8");
}

TEST_CASE("values follow the rules of JSON's") {
  Reader read(schema());
  CHECK(read("a,n/a,1") == "wrong_type: field \"x\": expected number, got \"n/a\"");
  CHECK(read("a, 1,1") == "wrong_type: field \"x\": expected number, got \" 1\"");
  CHECK(read("a,1.5,1.5") == "wrong_type: field \"n\": expected integer, got \"1.5\"");
  CHECK(read("a,1e400,1") == "number_range: field \"x\": 1e400 does not fit float64");
  for (const char* text : {"nan", "NaN", "-inf", "+Infinity", "INF"}) {
    CHECK(read("a," + std::string(text) + ",1") ==
          "non_finite: field \"x\": " + std::string(text) + " is not a finite number");
  }
}

TEST_CASE("booleans and timestamps as programs print them") {
  Reader read(schema_of({{.name = "b", .type = DType::kBool},
                         {.name = "t", .type = DType::kTimestamp},
                         {.name = "s", .type = DType::kTimestamp, .unit = TimeUnit::kSecond}}));
  CHECK(read("true,1970-01-01 00:00:01,2.5") == "true 1000000000 2500000000");
  CHECK(read("False,1970-01-01,1970-01-01T00:00:01Z") == "false 0 1000000000");
  CHECK(read("TRUE,1970-01-01,-1") == "true 0 -1000000000");
  CHECK(read("2,1970-01-01,0") == "wrong_type: field \"b\": expected true or false, got \"2\"");
  CHECK(read("true,5,0").starts_with("time_format: field \"t\""));
  CHECK(read("true,1500-01-01,0").starts_with("time_range: field \"t\""));
}

TEST_CASE("truth values in the spellings of real files") {
  Reader read(schema_of({{.name = "b", .type = DType::kBool, .nullable = true}}));
  for (const char* yes : {"true", "True", "TRUE", "YES", "Yes", "y", "T", "1", "1.0", "1.00"}) {
    CHECK(read(yes) == "true");
  }
  for (const char* no : {"false", "FALSE", "NO", "no", "N", "f", "0", "0.00", "-0"}) {
    CHECK(read(no) == "false");
  }
  for (const char* other : {"2", "-1", "0.5", "truth", "ye", "\x11", " 1", "01", "null"}) {
    CHECK(read(other).starts_with("wrong_type: field \"b\": expected true or false, got "));
  }
}

TEST_CASE("whole numbers may be written as floats") {
  Reader read(schema());
  CHECK(read("a,1,2354.0") == "\"a\" 0x1p+0 2354");
  CHECK(read("a,1,-11.000") == "\"a\" 0x1p+0 -11");
  CHECK(read("a,1,2.354e3") == "\"a\" 0x1p+0 2354");
  CHECK(read("a,1,2354.5") == "wrong_type: field \"n\": expected integer, got \"2354.5\"");
  CHECK(read("a,1,1e19") == "number_range: field \"n\": 1e19 does not fit int64");
}

TEST_CASE("spellings of null beside the empty field") {
  Reader read(schema(), {.null_values = {"NA", "\\N", "nan"}});
  CHECK(read("a,NA,\\N") == "\"a\" null null");
  CHECK(read("a,nan,") == "\"a\" null null");
  CHECK(read("a,\"NA\",1") == "\"a\" null 1");
  CHECK(read("a,na,1") == "wrong_type: field \"x\": expected number, got \"na\"");
  CHECK(read("NA,1,1") == "null: field \"k\": null, but the column is not nullable");
  CHECK(read("\"NA\",1,1") == "\"NA\" 0x1p+0 1");
  CHECK(read("NAN,1,1") == "\"NAN\" 0x1p+0 1");
  Reader texts(schema_of({{.name = "k", .type = DType::kString, .nullable = true}}),
               {.null_values = {"\\N"}});
  CHECK(texts("\\N") == "null");
  CHECK(texts("\\NN") == "\"\\NN\"");
}

TEST_CASE("files have their own delimiter and order of columns") {
  Reader read(schema(), {.delimiter = ';', .csv_columns = {"other", "n", "k"}});
  CHECK(read("x;5;a,b") == "\"a,b\" null 5");
  CHECK(read("\"x;y\";5;a") == "\"a\" null 5");
}

TEST_CASE("columns go by their path") {
  Reader read(schema_of({{.name = "close", .path = {"quote", "close"}}}),
              {.csv_columns = {"quote.close"}});
  CHECK(read("1") == "0x1p+0");
}

TEST_CASE("misuse is told at construction") {
  CHECK_THROWS_AS(CsvDecoder(schema(), {.csv_columns = {"x", "n"}}), base::Exception);
  CHECK_THROWS_AS(CsvDecoder(schema(), {.csv_columns = {"k", "k"}}), base::Exception);
  CHECK_THROWS_AS(CsvDecoder(schema(), {.delimiter = '"'}), base::Exception);
  CHECK_THROWS_AS(CsvDecoder(schema(), {.delimiter = '\n'}), base::Exception);
}

TEST_CASE("a rejected row leaves neither text nor null behind") {
  Reader read(schema());
  CHECK(read("gone,,bad").starts_with("wrong_type"));
  CHECK(read("kept,1,2") == "\"kept\" 0x1p+0 2");
}
