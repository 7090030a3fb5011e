#include <headrace/sink/kafka/kafka_sink.hpp>

#include <librdkafka/rdkafka.h>

#include "catch.hpp"
#include "source/kafka_support.hpp"

#include <headrace/source/kafka/client.hpp>

using namespace headrace;
using namespace headrace::test;
using record::DType;

namespace {

record::SchemaPtr bars_schema() {
  return std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "Date", .type = DType::kTimestamp},
                                 {.name = "Ticker", .type = DType::kString},
                                 {.name = "Close", .type = DType::kFloat64}},
      "Date", "Ticker");
}

record::BatchPtr bars(const std::vector<std::pair<std::string, double>>& rows) {
  const auto schema = bars_schema();
  std::vector<record::Column> columns;
  for (const auto& field : schema->fields()) {
    columns.push_back(record::Column::make(field.type, rows.size()));
  }
  columns[1].dictionary = std::make_shared<record::Dictionary>();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    columns[0].mutable_values<std::int64_t>()[i] =
        (1'704'187'800 + static_cast<std::int64_t>(i)) * 1'000'000'000;
    columns[1].mutable_values<std::int32_t>()[i] = columns[1].dictionary->intern(rows[i].first);
    columns[2].mutable_values<double>()[i] = rows[i].second;
  }
  auto batch = std::make_shared<record::RecordBatch>(schema, rows.size(), std::move(columns));
  batch->event_times = batch->column(0).data;
  return batch;
}

Log read_back(const Cluster& cluster, const std::string& topic) {
  auto config = cluster.config({topic});
  config.bounded = true;
  auto source = source::make_kafka_source(config).value_or_throw();
  return read_all(*source);
}

std::unique_ptr<sink::Sink> open(const Cluster& cluster, auto change) {
  sink::KafkaSinkConfig config;
  config.producer.client = cluster.client();
  change(config);
  return sink::make_kafka_sink(config).value_or_throw();
}

// Headers are no part of a RawRecord: read them with the client itself.
std::map<std::string, std::string> headers_of_first(const Cluster& cluster, const char* topic) {
  source::ClientEvents events({});
  const std::vector<source::OwnSetting> own{{"group.id", "test"}};
  const auto client =
      source::make_client(cluster.client(), source::ClientRole::kConsumer, own, events)
          .value_or_throw();
  const source::PartitionList list = source::make_partition_list(1);
  rd_kafka_topic_partition_list_add(list.get(), topic, 0)->offset = 0;
  rd_kafka_poll_set_consumer(client.get());
  REQUIRE(rd_kafka_assign(client.get(), list.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_message_t* message = rd_kafka_consumer_poll(client.get(), 10'000);
  REQUIRE(message != nullptr);
  rd_kafka_headers_t* headers = nullptr;
  REQUIRE(rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR);
  std::map<std::string, std::string> out;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    out[name] = std::string(static_cast<const char*>(value), size);
  }
  rd_kafka_message_destroy(message);
  return out;
}

}  // namespace

TEST_CASE("rows become JSON records with their key and their event time") {
  Cluster cluster;
  cluster.topic("signals", 1);
  auto sink = open(cluster, [](auto& c) { c.topics.topic = "signals"; });
  REQUIRE(sink->write(bars({{"AAPL", 185.64}, {"MSFT", 0.1}})));
  REQUIRE(sink->write(bars({{"AAPL", -1}})));
  REQUIRE(sink->flush(10s).value_or_throw());
  const Log log = read_back(cluster, "signals");
  REQUIRE(log.records.size() == 3);
  CHECK(log.records[0].value ==
        R"({"Date":"2024-01-02T09:30:00Z","Ticker":"AAPL","Close":185.64})");
  CHECK(log.records[0].key == "AAPL");
  CHECK(log.records[1].value == R"({"Date":"2024-01-02T09:30:01Z","Ticker":"MSFT","Close":0.1})");
  CHECK(log.records[1].key == "MSFT");
  CHECK(log.records[2].value == R"({"Date":"2024-01-02T09:30:00Z","Ticker":"AAPL","Close":-1})");
}

TEST_CASE("another key column, and one that is not there") {
  Cluster cluster;
  cluster.topic("signals", 1);
  auto sink = open(cluster, [](auto& c) {
    c.topics.topic = "signals";
    c.topics.key_column = "Close";
  });
  REQUIRE(sink->write(bars({{"AAPL", 2.5}})));
  REQUIRE(sink->flush(10s).value_or_throw());
  CHECK(read_back(cluster, "signals").records.at(0).key == "2.5");
  auto wrong = open(cluster, [](auto& c) {
    c.topics.topic = "signals";
    c.topics.key_column = "Clos";
  });
  const auto status = wrong->write(bars({{"AAPL", 2.5}}));
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kUnknownColumn);
}

TEST_CASE("a dead letter keeps key and value and says where it came from and why") {
  Cluster cluster;
  cluster.topic("dead", 1);
  auto sink = open(cluster, [](auto& c) {
    c.topics.dead_letter_topic = "dead";
    c.topics.source_topic = [](std::int32_t topic) { return "source-" + std::to_string(topic); };
  });
  CHECK(sink->write(bars({{"AAPL", 1}})));  // no topic for rows: not written
  record::Reject reject;
  reject.reason = record::RejectReason::kWrongType;
  reject.field = "Close";
  reject.detail = "field \"Close\": expected number, got \"n/a\"";
  while (reject.detail.size() < 300) reject.detail += "\xc3\xbc";
  reject.task = {.topic = 3, .partition = 1};
  reject.offset = 18231;
  reject.timestamp_ms = 1'704'187'800'000;
  reject.key = "AAPL";
  reject.value = "{\"Close\": \"n/a\"}";
  REQUIRE(sink->write_rejects({&reject, 1}));
  REQUIRE(sink->flush(10s).value_or_throw());
  const Log log = read_back(cluster, "dead");
  REQUIRE(log.records.size() == 1);
  CHECK(log.records[0].key == "AAPL");
  CHECK(log.records[0].value == reject.value);
  const auto headers = headers_of_first(cluster, "dead");
  CHECK(headers.at("headrace.topic") == "source-3");
  CHECK(headers.at("headrace.partition") == "1");
  CHECK(headers.at("headrace.offset") == "18231");
  CHECK(headers.at("headrace.timestamp_ms") == "1704187800000");
  CHECK(headers.at("headrace.reason") == "wrong_type");
  CHECK(headers.at("headrace.field") == "Close");
  CHECK(headers.at("headrace.detail") == reject.detail.substr(0, 255));  // 256 would halve a letter
  CHECK(headers.at("headrace.attempt") == "1");
  CHECK_FALSE(headers.contains("headrace.value_bytes"));
  CHECK_FALSE(headers.contains("headrace.value_form"));
}

TEST_CASE("a dead letter whose bytes are not the original ones says so") {
  Cluster cluster;
  cluster.topic("dead", 1);
  auto sink = open(cluster, [](auto& c) { c.topics.dead_letter_topic = "dead"; });
  record::Reject reject;
  reject.value = "1234";
  reject.attempt = 7;
  reject.cut = record::cut_at("123456789", 4);
  reject.form = record::ValueForm::kRow;
  REQUIRE(sink->write_rejects({&reject, 1}));
  REQUIRE(sink->flush(10s).value_or_throw());
  const auto headers = headers_of_first(cluster, "dead");
  CHECK(headers.at("headrace.attempt") == "7");
  CHECK(headers.at("headrace.value_bytes") == "9");
  CHECK(headers.at("headrace.value_crc32c") == "e3069283");  // RFC 3720's check value
  CHECK(headers.at("headrace.value_form") == "row");
}

TEST_CASE("a lost broker is an error of flush, and after it is back everything is there") {
  Cluster cluster;
  cluster.topic("signals", 1);
  auto sink = open(cluster, [](auto& c) { c.topics.topic = "signals"; });
  REQUIRE(sink->write(bars({{"AAPL", 1}})));
  REQUIRE(sink->flush(10s).value_or_throw());
  cluster.mock.set_broker_up(1, false).throw_if_error();
  REQUIRE(sink->write(bars({{"AAPL", 2}})));
  CHECK_FALSE(sink->flush(300ms).value_or_throw());
  cluster.mock.set_broker_up(1, true).throw_if_error();
  REQUIRE(sink->flush(20s).value_or_throw());
  CHECK(read_back(cluster, "signals").records.size() == 2);
}

TEST_CASE("a sink without any topic is refused") {
  sink::KafkaSinkConfig config;
  config.producer.client.bootstrap = "127.0.0.1:1";
  const auto made = sink::make_kafka_sink(config);
  REQUIRE_FALSE(made);
  CHECK(made.error().message == "expected a topic or a dead-letter topic");
  config.topics.topic = "no such/topic";
  CHECK_FALSE(sink::make_kafka_sink(config));
}
