#include <headrace/source/kafka/log.hpp>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("control characters are escaped, so that a line stays a line") {
  CHECK(source::escape_controls("a\nb\x7f") == "a\\x0ab\\x7f");
  CHECK(source::escape_controls("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
}

TEST_CASE("a gate lets a burst through and then says how much it held back") {
  std::vector<source::LogLine> seen;
  source::LogGate gate([&](const source::LogLine& line) { seen.push_back(line); });
  for (int i = 0; i < 500; ++i) gate.line(3, "FAIL", "line\n" + std::to_string(i));
  CHECK(seen.size() >= 50);
  CHECK(seen.size() < 60);
  CHECK(seen[0].level == 6);  // we say ourselves what a user needs to know of it
  CHECK(seen[0].facility == "FAIL");
  CHECK(seen[0].message == "line\\x0a0");
}

TEST_CASE("a gate passes what its level asks for, without the thread's name") {
  std::vector<source::LogLine> seen;
  const source::LogSink sink = [&](const source::LogLine& line) { seen.push_back(line); };
  source::LogGate warnings(sink, source::kLogWarning);
  warnings.line(3, "FAIL", "[thrd:127.0.0.1:9/bootstrap]: 127.0.0.1:9/bootstrap: gone");
  CHECK(seen.empty());
  warnings.line(2, "FATAL", "[thrd:main]: fenced");
  warnings.own(source::kLogWarning, "cannot reach 127.0.0.1:9");
  warnings.own(source::kLogInfo, "answers again");
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].message == "fenced");
  CHECK(seen[1].message == "cannot reach 127.0.0.1:9");
  CHECK(seen[1].level == source::kLogWarning);
  source::LogGate more(sink, source::kLogInfo);
  more.line(3, "FAIL", "[thrd:127.0.0.1:9/bootstrap]: 127.0.0.1:9/bootstrap: gone");
  REQUIRE(seen.size() == 3);
  CHECK(seen[2].message == "127.0.0.1:9/bootstrap: gone");
}

TEST_CASE("at debug a gate lets ten times as much through") {
  std::size_t seen = 0;
  source::LogGate gate([&](const source::LogLine&) { ++seen; }, source::kLogDebug);
  for (int i = 0; i < 400; ++i) gate.line(7, "STATE", "x");
  CHECK(seen == 400);
}

TEST_CASE("a gate without a sink, or with one that throws, is quiet") {
  source::LogGate none({});
  none.line(3, "FAIL", "x");
  source::LogGate bad([](const source::LogLine&) { throw 1; });
  bad.line(3, "FAIL", "x");
  SUCCEED();
}

TEST_CASE("a buffer keeps the newest lines until they are drained") {
  auto buffer = std::make_shared<source::LogBuffer>();
  const source::LogSink sink = buffer->sink();
  for (std::size_t i = 0; i < source::LogBuffer::kLines + 5; ++i) {
    sink({.level = 6, .facility = "F", .message = std::to_string(i)});
  }
  const auto lines = buffer->drain();
  REQUIRE(lines.size() == source::LogBuffer::kLines);
  CHECK(lines.front().message == "5");
  CHECK(buffer->drain().empty());
  // The sink keeps the buffer alive: librdkafka's threads may outlive everybody else.
  std::weak_ptr<source::LogBuffer> watch = buffer;
  buffer.reset();
  CHECK_FALSE(watch.expired());
  sink({.level = 6, .facility = "F", .message = "late"});
}
