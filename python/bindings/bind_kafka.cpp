#include <headrace/checkpoint/kafka_store.hpp>
#include <headrace/checkpoint/store.hpp>
#include <headrace/pipeline/log_calls.hpp>
#include <headrace/pipeline/recovery.hpp>
#include <headrace/sink/kafka/kafka_sink.hpp>
#include <headrace/sink/kafka/kafka_transactions.hpp>
#include <headrace/sink/kafka/producer.hpp>
#include <headrace/source/kafka/admin.hpp>
#include <headrace/source/kafka/kafka_source.hpp>
#include <headrace/source/kafka/mock_cluster.hpp>
#include <headrace/source/kafka/sample.hpp>

#include <atomic>
#include <future>
#include <thread>

#include "bindings.hpp"

namespace headrace::python {
namespace {

using std::chrono::milliseconds;
using Settings = std::map<std::string, std::string>;
using no_gil = py::call_guard<py::gil_scoped_release>;

// librdkafka's lines of every client of this process, until Python's logging fetches them.
const std::shared_ptr<source::LogBuffer>& log_buffer() {
  static const auto buffer = std::make_shared<source::LogBuffer>();
  return buffer;
}

}  // namespace

source::ClientConfig client_from(const std::string& bootstrap, Settings settings) {
  source::ClientConfig client;
  client.bootstrap = bootstrap;
  client.extra = std::move(settings);
  // Ours, not librdkafka's: SASL without TLS shows the password to the network.
  if (const auto insecure = client.extra.find("insecure"); insecure != client.extra.end()) {
    client.insecure = insecure->second == "true";
    client.extra.erase(insecure);
  }
  client.log = log_buffer()->sink();
  return client;
}

namespace {

int log_level_from(const std::string& name) {
  if (name == "error") return source::kLogError;
  if (name == "info") return source::kLogInfo;
  if (name == "debug") return source::kLogDebug;
  return source::kLogWarning;
}

source::ClientConfig client_of(const py::dict& config) {
  source::ClientConfig client =
      client_from(config["bootstrap"].cast<std::string>(), config["config"].cast<Settings>());
  if (config.contains("log_level")) {
    client.log_level = log_level_from(config["log_level"].cast<std::string>());
  }
  return client;
}

std::string text_or_empty(const py::dict& config, const char* key) {
  const py::object value = config[key];
  return value.is_none() ? std::string() : value.cast<std::string>();
}

std::map<source::TopicPartition, std::int64_t> offsets_from(const py::object& rows) {
  using Row = std::tuple<std::string, std::int32_t, std::int64_t>;
  std::map<source::TopicPartition, std::int64_t> offsets;
  for (const auto& [topic, partition, offset] : rows.cast<std::vector<Row>>()) {
    offsets[{topic, partition}] = offset;
  }
  return offsets;
}

source::Start start_from(const py::dict& dict) {
  source::Start start;
  const auto kind = dict["kind"].cast<std::string>();
  if (kind == "latest") start.at = source::StartAt::kLatest;
  if (kind == "group") start.at = source::StartAt::kGroup;
  if (kind == "timestamp") {
    start.at = source::StartAt::kTimestamp;
    start.timestamp_ms = dict["timestamp_ms"].cast<std::int64_t>();
  }
  if (kind == "offsets") {
    start.at = source::StartAt::kOffsets;
    start.offsets = offsets_from(dict["offsets"]);
  }
  return start;
}

source::OutOfRange out_of_range_from(const std::string& name) {
  if (name == "earliest") return source::OutOfRange::kEarliest;
  if (name == "latest") return source::OutOfRange::kLatest;
  return source::OutOfRange::kError;
}

std::vector<std::unique_ptr<SourceHandle>> kafka_sources(const py::dict& dict,
                                                         std::size_t ingest_threads) {
  source::KafkaSourceConfig config;
  config.client = client_of(dict);
  config.topics = dict["topics"].cast<std::vector<std::string>>();
  config.pattern = text_or_empty(dict, "pattern");
  config.group = text_or_empty(dict, "group");
  config.start = start_from(dict["start"].cast<py::dict>());
  config.bounded = dict["bounded"].cast<bool>();
  config.ends = offsets_from(dict["ends"]);
  config.on_out_of_range = out_of_range_from(dict["on_out_of_range"].cast<std::string>());
  config.strict = dict["strict"].cast<bool>();
  if (dict.contains("timeout_ms") && !dict["timeout_ms"].is_none()) {
    config.timeout = milliseconds(dict["timeout_ms"].cast<std::int64_t>());
  }
  if (!dict["durability"].is_none()) {
    config.starting_points = dict["durability"].cast<DurabilityHandle&>().durability.recovery;
  }
  config.join = dict["join"].cast<bool>();
  config.group_instance = text_or_empty(dict, "group_instance");
  std::vector<std::unique_ptr<source::Source>> sources;
  if (ingest_threads == 1) {
    sources.push_back(unwrap(source::make_kafka_source(std::move(config))));
  } else {
    sources = unwrap(source::make_kafka_sources(config, ingest_threads));
  }
  std::vector<std::unique_ptr<SourceHandle>> handles;
  for (auto& made : sources) {
    handles.push_back(std::make_unique<SourceHandle>(SourceHandle{std::move(made)}));
  }
  return handles;
}

}  // namespace

py::object bytes_or_none(const std::optional<std::string>& value) {
  return value ? py::object(py::bytes(*value)) : py::object(py::none());
}

// `stop`, a callable or None: a Python thread must have left here before the interpreter ends.
std::vector<source::SampleRecord> sampled(source::SampleRequest request, const py::object& stop) {
  using Answer = base::Result<std::vector<source::SampleRecord>>;
  // Set when nobody waits any more, for whatever reason.
  struct Given {
    std::shared_ptr<std::atomic<bool>> up = std::make_shared<std::atomic<bool>>(false);
    ~Given() { *up = true; }
  } given;
  request.cancelled = [cancelled = given.up] { return cancelled->load(); };
  return unwrap(
      interruptible<Answer>([request = std::move(request)] { return source::sample(request); },
                            [&stop] { return !stop.is_none() && stop().cast<bool>(); }));
}

std::string_view bytes_view(py::handle value) {
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(value.ptr(), &data, &size) != 0) throw py::error_already_set();
  return {data, static_cast<std::size_t>(size)};
}

namespace {

py::list sample_topic(const py::dict& dict, std::size_t oldest, std::size_t newest, int timeout_ms,
                      const py::object& stop) {
  source::SampleRequest request;
  request.client = client_of(dict);
  request.topics = dict["topics"].cast<std::vector<std::string>>();
  request.pattern = text_or_empty(dict, "pattern");
  request.oldest = oldest;
  request.newest = newest;
  request.timeout = milliseconds(timeout_ms);
  py::list rows;
  for (const source::SampleRecord& record : sampled(std::move(request), stop)) {
    rows.append(py::make_tuple(record.topic, record.partition, record.offset, record.timestamp_ms,
                               bytes_or_none(record.key), bytes_or_none(record.value)));
  }
  return rows;
}

sink::KafkaTopics topics_of(const py::dict& dict, const std::shared_ptr<TopicNames>& names) {
  return {.topic = dict["topic"].cast<std::string>(),
          .dead_letter_topic = text_or_empty(dict, "dead_letters"),
          .key_column = text_or_empty(dict, "key"),
          .source_topic =
              [names](std::int32_t topic) { return *names ? (*names)(topic) : std::string(); },
          .arrow = dict["format"].cast<std::string>() == "arrow"};
}

// The log of a stream whose results are written in transactions.
std::shared_ptr<sink::TransactionLog> transactions_of(const py::dict& dict,
                                                      const DurabilityHandle& handle) {
  sink::KafkaTransactionsConfig config{
      .producer = {.client = client_of(dict),
                   .transactional_id = dict["transactional_id"].cast<std::string>()},
      .topics = topics_of(dict, handle.topic_names),
      .group = dict["group"].cast<std::string>(),
      .membership = {}};
  if (dict["join"].cast<bool>()) {
    config.membership = [reader = handle.membership]() -> base::Result<std::string> {
      if (*reader) return (*reader)();
      return base::Error{.code = base::ErrorCode::kKafka,
                         .message = "the stream is not running yet",
                         .retriable = true};
    };
  }
  return unwrap(sink::make_kafka_transactions(std::move(config)));
}

// A directory, or a topic where "topic" is given.
std::shared_ptr<checkpoint::Store> store_of(const py::dict& dict) {
  const auto store = dict["store"].cast<py::dict>();
  const auto keep = dict["keep"].cast<std::size_t>();
  if (!store.contains("topic")) {
    return unwrap(checkpoint::open_directory_store(store["path"].cast<std::string>(), keep));
  }
  checkpoint::KafkaStoreConfig config{
      .client = client_of(store), .topic = store["topic"].cast<std::string>(), .keep = keep};
  const py::gil_scoped_release release;
  return unwrap(checkpoint::open_kafka_store(std::move(config)));
}

base::Result<source::CommittedOffset> committed_offset(base::Result<sink::Mark> mark) {
  if (!mark) return mark.error();
  return source::CommittedOffset{.offset = mark->offset, .metadata = std::move(mark->metadata)};
}

// `log`: where results and positions are written, if not to Kafka.
std::unique_ptr<DurabilityHandle> durability(const py::dict& dict) {
  auto handle = std::make_unique<DurabilityHandle>();
  handle->topic_names = std::make_shared<TopicNames>();
  handle->membership = std::make_shared<std::function<base::Result<std::string>()>>();
  pipeline::Durability& made = handle->durability;
  if (!dict["store"].is_none()) made.store = store_of(dict);
  std::shared_ptr<checkpoint::Store> savepoint;
  if (!dict["savepoint"].is_none()) {
    savepoint = unwrap(made.store->savepoint(dict["savepoint"].cast<std::string>()));
    handle->savepoint = savepoint;
  }
  if (!dict["transactions"].is_none()) {
    made.log = transactions_of(dict["transactions"].cast<py::dict>(), *handle);
  }
  pipeline::Recovery::Config config{.store = made.store,
                                    .savepoint = std::move(savepoint),
                                    .plan = dict["plan"].cast<std::string>(),
                                    .models = dict["models"].cast<std::string>(),
                                    .by_commits = false,
                                    .merged = dict["merged"].cast<bool>()};
  if (!dict["log"].is_none()) {
    auto log = dict["log"].cast<std::shared_ptr<pipeline::LogCalls>>();
    config.committed = [log](const pipeline::PartitionName& partition) {
      return committed_offset(log->mark_of(partition));
    };
    made.log = std::move(log);
  }
  config.by_commits = made.log != nullptr;
  if (!dict["up_to"].is_none()) {  // only looks: nothing is written there
    config.up_to = offsets_from(dict["up_to"]);
    made.store = nullptr;
  }
  made.recovery = std::make_shared<pipeline::Recovery>(std::move(config));
  return handle;
}

std::unique_ptr<SinkHandle> kafka_sink(const py::dict& dict) {
  auto handle = std::make_unique<SinkHandle>();
  handle->topic_names = std::make_shared<TopicNames>();
  handle->sink = unwrap(sink::make_kafka_sink(
      {.producer = {.client = client_of(dict)}, .topics = topics_of(dict, handle->topic_names)}));
  return handle;
}

// `records`: (key or None, value or None) as bytes. The list keeps the bytes alive meanwhile.
void produce(sink::KafkaProducer& producer, const std::string& topic, const py::list& records,
             const std::vector<std::int64_t>& timestamps_ms) {
  std::vector<sink::ProducerRecord> batch(records.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto pair = records[i].cast<py::tuple>();
    batch[i].has_key = !pair[0].is_none();
    batch[i].tombstone = pair[1].is_none();
    if (batch[i].has_key) batch[i].key = bytes_view(pair[0]);
    if (!batch[i].tombstone) batch[i].value = bytes_view(pair[1]);
    if (i < timestamps_ms.size()) batch[i].timestamp_ms = timestamps_ms[i];
  }
  const py::gil_scoped_release release;
  producer.produce_batch(topic, batch).throw_if_error();
}

void bind_producer(py::module_& module) {
  py::class_<sink::KafkaProducer>(module, "Producer")
      .def(py::init([](const std::string& bootstrap, const Settings& settings) {
             return unwrap(
                 sink::KafkaProducer::create({.client = client_from(bootstrap, settings)}));
           }),
           py::arg("bootstrap"), py::arg("config"))
      .def("produce", &produce, py::arg("topic"), py::arg("records"), py::arg("timestamps_ms"))
      .def("poll", &sink::KafkaProducer::poll, no_gil())
      .def("purge", &sink::KafkaProducer::purge, no_gil())
      .def(
          "try_flush",
          [](sink::KafkaProducer& producer, int timeout_ms) {
            return unwrap(producer.try_flush(milliseconds(timeout_ms)));
          },
          py::arg("timeout_ms"), no_gil())
      .def("counts", [](const sink::KafkaProducer& producer) {
        const sink::ProducerCounts counts = producer.counts();
        return py::make_tuple(counts.produced, counts.delivered, counts.failed);
      });
}

void bind_admin(py::module_& module) {
  using source::KafkaAdmin;
  py::class_<KafkaAdmin>(module, "Admin")
      .def(py::init([](const std::string& bootstrap, const Settings& settings) {
             return unwrap(KafkaAdmin::connect(client_from(bootstrap, settings)));
           }),
           py::arg("bootstrap"), py::arg("config"))
      .def(
          "topics",
          [](KafkaAdmin& admin, int timeout_ms) {
            std::vector<source::TopicInfo> topics;
            {
              const py::gil_scoped_release release;
              topics = unwrap(admin.topics(milliseconds(timeout_ms)));
            }
            py::dict result;
            for (const source::TopicInfo& topic : topics) {
              result[py::str(topic.name)] = topic.partitions;
            }
            return result;
          },
          py::arg("timeout_ms"))
      .def(
          "create_topic",
          [](KafkaAdmin& admin, const std::string& name, int partitions, const Settings& config,
             int timeout_ms) {
            admin
                .create_topic({.name = name, .partitions = partitions, .config = config},
                              milliseconds(timeout_ms))
                .throw_if_error();
          },
          py::arg("name"), py::arg("partitions"), py::arg("config"), py::arg("timeout_ms"),
          no_gil())
      .def(
          "delete_topic",
          [](KafkaAdmin& admin, const std::string& name, int timeout_ms) {
            admin.delete_topic(name, milliseconds(timeout_ms)).throw_if_error();
          },
          py::arg("name"), py::arg("timeout_ms"), no_gil())
      .def(
          "watermarks",
          [](KafkaAdmin& admin, const std::string& topic, int timeout_ms) {
            std::vector<source::Watermarks> marks;
            {
              const py::gil_scoped_release release;
              marks = unwrap(admin.watermarks(topic, milliseconds(timeout_ms)));
            }
            py::dict result;
            for (const source::Watermarks& mark : marks) {
              result[py::int_(mark.partition)] = py::make_tuple(mark.low, mark.high);
            }
            return result;
          },
          py::arg("topic"), py::arg("timeout_ms"))
      .def(
          "offsets_at",
          [](KafkaAdmin& admin, const std::string& topic, std::int64_t timestamp_ms,
             int timeout_ms) {
            return unwrap(admin.offsets_at(topic, timestamp_ms, milliseconds(timeout_ms)));
          },
          py::arg("topic"), py::arg("timestamp_ms"), py::arg("timeout_ms"), no_gil());
}

void bind_mock(py::module_& module) {
  py::class_<source::MockCluster>(module, "MockCluster")
      .def(py::init([](int brokers) { return unwrap(source::MockCluster::start(brokers)); }),
           py::arg("brokers"))
      .def_property_readonly("bootstrap", &source::MockCluster::bootstrap)
      .def(
          "create_topic",
          [](source::MockCluster& cluster, const std::string& name, int partitions) {
            cluster.create_topic(name, partitions).throw_if_error();
          },
          py::arg("name"), py::arg("partitions"), no_gil());
}

}  // namespace

void bind_kafka(py::module_& module) {
  py::class_<SinkHandle>(module, "Sink");
  py::class_<DurabilityHandle>(module, "Durability")
      .def("savepoint", [](const DurabilityHandle& handle) { return handle.savepoint; });
  module.def("durability", &durability, py::arg("config"));
  module.def("kafka_sources", &kafka_sources, py::arg("config"), py::arg("ingest_threads"));
  module.def("sample_topic", &sample_topic, py::arg("config"), py::arg("oldest"), py::arg("newest"),
             py::arg("timeout_ms"), py::arg("stop") = py::none());
  module.def("kafka_sink", &kafka_sink, py::arg("config"));
  module.def(
      "check_kafka_config",
      [](const std::string& bootstrap, const Settings& settings) {
        source::check(client_from(bootstrap, settings)).throw_if_error();
      },
      py::arg("bootstrap"), py::arg("config"));
  module.def("drain_kafka_log", [] {
    py::list lines;
    for (const source::LogLine& line : log_buffer()->drain()) {
      lines.append(py::make_tuple(line.level, line.facility, line.message));
    }
    return lines;
  });
  bind_producer(module);
  bind_admin(module);
  bind_mock(module);
}

}  // namespace headrace::python
