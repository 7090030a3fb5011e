#include <headrace/source/kafka/message_headers.hpp>

#include <array>

#include <headrace/source/kafka/sample.hpp>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

void produce(const Cluster& cluster, const std::vector<Headers>& all) {
  const auto producer = sink::KafkaProducer::create({.client = cluster.client()}).value_or_throw();
  for (const Headers& headers : all) {
    producer->produce({.topic = "t", .value = "x", .headers = headers}).throw_if_error();
  }
  producer->flush(10s).throw_if_error();
}

// What a source says of each record while the poll lasts.
std::vector<int> attempts(const Cluster& cluster, std::size_t count) {
  auto config = cluster.config({"t"});
  config.bounded = true;
  const auto source = source::make_kafka_source(config).value_or_throw();
  std::vector<int> found;
  const auto until = Clock::now() + 10s;
  while (found.size() < count && Clock::now() < until) {
    for (const source::RawRecord& record : source->poll(100ms).value_or_throw().records) {
      found.push_back(source->attempts(record));
    }
  }
  return found;
}

}  // namespace

TEST_CASE("headers: attempts are a positive number, or none") {
  Cluster cluster;
  cluster.topic("t", 1);
  produce(cluster, {{},
                    {{"other", "5"}},
                    {{"headrace.attempt", "3"}},
                    {{"headrace.attempt", "1"}, {"headrace.attempt", "2"}},  // the last one counts
                    {{"headrace.attempt", ""}},
                    {{"headrace.attempt", "4x"}},
                    {{"headrace.attempt", "-4"}},
                    {{"headrace.attempt", "2147483647"}},  // one more would not fit
                    {{"headrace.attempt", "99999999999"}}});
  CHECK(attempts(cluster, 9) == std::vector<int>{0, 0, 3, 2, 0, 0, 0, 0, 0});
}

TEST_CASE("headers: a sample has them where they are asked for") {
  Cluster cluster;
  cluster.topic("t", 1);
  produce(cluster, {{{"a", "1"}, {"b", ""}}, {}});
  source::SampleRequest request;
  request.client = cluster.client();
  request.topics = {"t"};
  const auto without = source::sample(request).value_or_throw();
  REQUIRE(without.size() == 2);
  CHECK(without[0].headers.empty());
  request.headers = true;
  const auto with = source::sample(request).value_or_throw();
  const std::vector<std::pair<std::string, std::string>> expected{{"a", "1"}, {"b", ""}};
  CHECK(with[0].headers == expected);
  CHECK(with[1].headers.empty());
}
