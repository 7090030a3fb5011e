// The least C++ around librdkafka that a fair comparison needs: configuration, watermarks,
// assignment.
//
// Deliberately apart from headrace's own source floor: what is compared with must not share code
// with what is measured.
//
// Thread contract: each object belongs to one thread.
// Cost: nothing per record.
//
//   Consumer c = make_consumer({{"bootstrap.servers", "127.0.0.1:9092"}});
//   std::int64_t records = assign_all(c.get(), "ohlcv");
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include <librdkafka/rdkafka.h>

namespace headrace::bench {

using Config = std::map<std::string, std::string>;

struct HandleDeleter {
  void operator()(rd_kafka_t* handle) const noexcept { rd_kafka_destroy(handle); }
};
using Handle = std::unique_ptr<rd_kafka_t, HandleDeleter>;

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, QueueDeleter>;

inline Handle make_handle(rd_kafka_type_t type, const Config& config) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [key, value] : config) {
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), error, sizeof error) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw std::invalid_argument(error);
    }
  }
  rd_kafka_t* handle = rd_kafka_new(type, conf, error, sizeof error);
  if (handle == nullptr) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(error);
  }
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(handle);
  return Handle(handle);
}

// The settings of PERFORMANCE.md's bare loop; `extra` goes last and wins.
inline Handle make_consumer(const std::string& bootstrap, const Config& extra) {
  Config config{{"bootstrap.servers", bootstrap}, {"group.id", "bench-bare"},
                {"enable.auto.commit", "false"},  {"enable.auto.offset.store", "false"},
                {"fetch.queue.backoff.ms", "1"},  {"fetch.message.max.bytes", "8388608"}};
  for (const auto& [key, value] : extra) config[key] = value;
  return make_handle(RD_KAFKA_CONSUMER, config);
}

inline void check(rd_kafka_resp_err_t error, const char* what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(std::string(what) + ": " + rd_kafka_err2str(error));
  }
}

inline int partition_count(rd_kafka_t* handle, const std::string& topic) {
  constexpr int kTimeoutMs = 10'000;
  rd_kafka_topic_t* name = rd_kafka_topic_new(handle, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 0, name, &metadata, kTimeoutMs);
  rd_kafka_topic_destroy(name);
  check(error, "metadata");
  const int count = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  if (count == 0) throw std::runtime_error("topic " + topic + " does not exist");
  return count;
}

// Assigns every partition from its low watermark (absolute, which spares librdkafka's 500 ms wait
// on logical offsets) and returns how many records there are up to the high watermarks.
inline std::int64_t assign_all(rd_kafka_t* handle, const std::string& topic) {
  constexpr int kTimeoutMs = 10'000;
  const int partitions = partition_count(handle, topic);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
  std::int64_t records = 0;
  for (int p = 0; p < partitions; ++p) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    check(rd_kafka_query_watermark_offsets(handle, topic.c_str(), p, &low, &high, kTimeoutMs),
          "watermarks");
    rd_kafka_topic_partition_list_add(list, topic.c_str(), p)->offset = low;
    records += high - low;
  }
  const rd_kafka_resp_err_t error = rd_kafka_assign(handle, list);
  rd_kafka_topic_partition_list_destroy(list);
  check(error, "assign");
  return records;
}

}  // namespace headrace::bench
