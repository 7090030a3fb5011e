#include <headrace/source/kafka/offsets.hpp>

#include <headrace/source/kafka/client.hpp>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;
using source::StartAt;

namespace {

struct Fixture {
  Fixture() {
    cluster.topic("bars", 2);
    cluster.fill("bars", 0, 10);
    const std::vector<source::OwnSetting> own{{"group.id", "desk"}};
    client = source::make_client(cluster.client(), source::ClientRole::kConsumer, own, events)
                 .value_or_throw();
  }
  std::vector<source::Place> resolve(const source::PlaceRequest& request) {
    return source::resolve(client.get(), {{"bars", 0}, {"bars", 1}}, request, 5s).value_or_throw();
  }
  Cluster cluster;
  source::ClientEvents events{source::ClientConfig{}};
  source::ClientHandle client;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "where to begin, as absolute offsets") {
  source::PlaceRequest request;
  SECTION("earliest, with the ends") {
    cluster.mock.delete_records("bars", 0, 4).throw_if_error();
    request.with_end = true;
    const auto places = resolve(request);
    CHECK(places[0].offset == 4);
    CHECK(places[0].end == 10);
    CHECK(places[1].offset == 0);
    CHECK(places[1].end == 0);
  }
  SECTION("latest") {
    request.start.at = StartAt::kLatest;
    const auto places = resolve(request);
    CHECK(places[0].offset == 10);
    CHECK(places[0].end == -1);
    CHECK(places[1].offset == 0);
  }
  SECTION("offsets for some, the earliest for the others") {
    request.start.at = StartAt::kOffsets;
    request.start.offsets = {{{"bars", 0}, 7}};
    const auto places = resolve(request);
    CHECK(places[0].offset == 7);
    CHECK(places[1].offset == 0);
  }
  SECTION("the group's position where there is one") {
    const source::PartitionList list = source::make_partition_list(1);
    rd_kafka_topic_partition_list_add(list.get(), "bars", 0)->offset = 5;
    REQUIRE(rd_kafka_commit(client.get(), list.get(), 0) == RD_KAFKA_RESP_ERR_NO_ERROR);
    request.from_group = true;
    request.start.at = StartAt::kLatest;
    cluster.fill("bars", 1, 3);
    const auto places = resolve(request);
    CHECK(places[0].offset == 5);
    CHECK(places[1].offset == 3);
  }
}

TEST_CASE_METHOD(Fixture, "what the broker has") {
  cluster.mock.delete_records("bars", 0, 4).throw_if_error();
  const auto ranges = source::ranges(client.get(), {{"bars", 0}, {"bars", 1}}, 5s);
  REQUIRE(ranges);
  CHECK((*ranges)[0].low == 4);
  CHECK((*ranges)[0].high == 10);
  CHECK(source::ranges(client.get(), {}, 5s)->empty());
  CHECK_FALSE(source::ranges(client.get(), {{"nowhere", 0}}, 500ms));
}

TEST_CASE("a position that is out of range, in words") {
  const source::OffsetRange range{.low = 60, .high = 100};
  CHECK(
      source::out_of_range({.topic = "bars", .partition = 0, .offset = 10}, range) ==
      "bars[0]: offset 10 is gone: records 10 to 59 are no longer on the broker, it has 60 to 99");
  CHECK(source::out_of_range({.topic = "bars", .partition = 0, .offset = 500}, range) ==
        "bars[0]: offset 500 does not exist: the partition ends at 100 (was the topic made anew?)");
}
