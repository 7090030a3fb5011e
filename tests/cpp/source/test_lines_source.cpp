#include <headrace/source/lines_source.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.hpp"

using namespace headrace;
using source::EventKind;
using source::LineFormat;
using namespace std::chrono_literals;

namespace {

// A file that goes away with the test.
class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    std::string name = (std::filesystem::temp_directory_path() / "headrace-XXXXXX").string();
    const int file = mkstemp(name.data());
    REQUIRE(file >= 0);
    close(file);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TempFile() { std::filesystem::remove(path_); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<std::string> read(const std::string& content, LineFormat format,
                              std::size_t poll_max = 4096, char delimiter = ',') {
  const TempFile file(content);
  auto source =
      source::make_lines_source(
          {.path = file.path(), .format = format, .poll_max = poll_max, .delimiter = delimiter})
          .value_or_throw();
  std::vector<std::string> lines;
  while (true) {
    auto poll = source->poll(0ms);
    REQUIRE(poll);
    for (const auto& r : poll->records) {
      REQUIRE(r.offset == static_cast<std::int64_t>(lines.size()));
      REQUIRE_FALSE(r.has_key);
      lines.emplace_back(r.value);
    }
    if (poll->end) return lines;
    REQUIRE(poll->records.size() <= poll_max);
  }
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines of JSON: LF, CR LF, a last line without either, empty lines, byte order mark") {
  const Lines want{"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"};
  CHECK(read("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", LineFormat::kJson) == want);
  CHECK(read("{\"a\":1}\n{\"a\":2}\n{\"a\":3}", LineFormat::kJson) == want);
  CHECK(read("{\"a\":1}\r\n{\"a\":2}\r\n{\"a\":3}\r\n", LineFormat::kJson) == want);
  CHECK(read("\n\n{\"a\":1}\n\r\n{\"a\":2}\n{\"a\":3}\n\n", LineFormat::kJson) == want);
  CHECK(read("\xef\xbb\xbf{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", LineFormat::kJson) == want);
  CHECK(read("", LineFormat::kJson).empty());
}

TEST_CASE("a quote in JSON joins no lines") {
  CHECK(read("{\"a\": \"x}\n{\"b\":1}\n", LineFormat::kJson) == Lines{"{\"a\": \"x}", "{\"b\":1}"});
}

TEST_CASE("CSV: the header is left out, quoted fields may span lines") {
  CHECK(read("a,b\n1,2\n3,4\n", LineFormat::kCsv) == Lines{"1,2", "3,4"});
  CHECK(read("a,b\n1,\"x\ny\"\n3,4\n", LineFormat::kCsv) == Lines{"1,\"x\ny\"", "3,4"});
  CHECK(read("a,b\n1,\"x\"\"\ny\"\"\"\r\n3,4", LineFormat::kCsv) ==
        Lines{"1,\"x\"\"\ny\"\"\"", "3,4"});
  CHECK(read("\"a\n1\",b\n1,2\n", LineFormat::kCsv) == Lines{"1,2"});
  CHECK(read("a,b\n", LineFormat::kCsv).empty());
  CHECK(read("", LineFormat::kCsv).empty());
}

TEST_CASE("CSV: a file without a header is records from its first line on") {
  const TempFile file("1,2\n3,4\n");
  auto source = source::make_lines_source({.path = file.path(),
                                           .format = LineFormat::kCsv,
                                           .header = false,
                                           .name = "flights.csv.gz"})
                    .value_or_throw();
  const auto poll = source->poll(0ms);
  REQUIRE(poll);
  REQUIRE(poll->records.size() == 2);
  CHECK(poll->records[0].value == "1,2");
  CHECK(poll->records[0].offset == 0);
  CHECK(source->topics() == Lines{"flights.csv.gz"});
}

TEST_CASE("CSV: a quote inside a field is a character, and opens nothing") {
  CHECK(read("a,b\n5\" pipe,2\n3,4\n", LineFormat::kCsv) == Lines{"5\" pipe,2", "3,4"});
  // With another delimiter, another place is the start of a field.
  CHECK(read("a;b\n1,\"2\n3;4\n", LineFormat::kCsv, 4096, ';') == Lines{"1,\"2", "3;4"});
}

TEST_CASE("CSV: a quote that is never closed makes one record of the rest") {
  CHECK(read("a,b\n1,\"2\n3,4\n", LineFormat::kCsv) == Lines{"1,\"2\n3,4\n"});
}

TEST_CASE("polls are bounded in size; events come before the first and after the last record") {
  std::string content;
  for (int i = 0; i < 1000; ++i) content += "{\"i\":" + std::to_string(i) + "}\n";
  CHECK(read(content, LineFormat::kJson, 64).size() == 1000);

  const TempFile file("{}\n");
  auto source = source::make_lines_source({.path = file.path()}).value_or_throw();
  auto first = source->poll(0ms);
  REQUIRE(first);
  REQUIRE(first->events.size() == 1);
  CHECK(first->events[0].kind == EventKind::kAssigned);
  CHECK(first->records.size() == 1);
  CHECK_FALSE(first->end);
  auto last = source->poll(0ms);
  REQUIRE(last);
  REQUIRE(last->events.size() == 1);
  CHECK(last->events[0].kind == EventKind::kReachedEnd);
  CHECK(last->end);
  CHECK(source->positions()[0].position == 1);
  CHECK(source->positions()[0].high_watermark == 1);
  CHECK(source->topics() == Lines{file.path()});
  CHECK(source->commit({}, std::chrono::seconds(1)));
}

TEST_CASE("paused: nothing comes, and a wake-up ends the wait") {
  const TempFile file("{}\n{}\n");
  auto source = source::make_lines_source({.path = file.path()}).value_or_throw();
  const std::vector<record::TaskId> task{{}};
  source->pause(task);
  CHECK(source->poll(1ms)->records.empty());
  source->wake();
  const auto start = std::chrono::steady_clock::now();
  CHECK(source->poll(10s)->records.empty());
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  source->resume(task);
  CHECK(source->poll(0ms)->records.size() == 2);
}

TEST_CASE("a file that cannot be read is an error that names it") {
  const auto missing = source::make_lines_source({.path = "/nowhere/bars.csv"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == base::ErrorCode::kIo);
  CHECK(missing.error().message == "cannot read /nowhere/bars.csv: No such file or directory");
  const auto folder = source::make_lines_source({.path = "/"});
  REQUIRE_FALSE(folder);
  CHECK(folder.error().message == "cannot read /: Is a directory");
}

TEST_CASE("the names in a CSV header") {
  const TempFile file(
      "\xef\xbb\xbf"
      "Date,\"Adj Close\",\"a \"\"b\"\"\",,Volume\r\n1,2,3,4,5\n");
  const auto names = source::read_csv_header(file.path(), ',');
  REQUIRE(names);
  CHECK(*names == Lines{"Date", "Adj Close", "a \"b\"", "", "Volume"});
  const TempFile semicolons("x;y,z\n");
  CHECK(*source::read_csv_header(semicolons.path(), ';') == Lines{"x", "y,z"});
  const TempFile empty("");
  CHECK_FALSE(source::read_csv_header(empty.path(), ','));
}
