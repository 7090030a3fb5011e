#include <headrace/source/kafka/mock_cluster.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>
// after rdkafka.h, which it needs and does not include
#include <librdkafka/rdkafka_mock.h>

#include <headrace/source/kafka/client.hpp>
#include <headrace/source/kafka/errors.hpp>

// Newer than the oldest header that we build with; in every library that check_librdkafka takes.
extern "C" RD_EXPORT rd_kafka_resp_err_t
rd_kafka_mock_partition_delete_records(rd_kafka_mock_cluster_t* cluster, const char* topic,
                                       std::int32_t partition, std::int64_t before_offset);
extern "C" RD_EXPORT void rd_kafka_mock_group_initial_rebalance_delay_ms(
    rd_kafka_mock_cluster_t* cluster, std::int32_t delay_ms);
struct rd_kafka_mock_request_s;
extern "C" RD_EXPORT void rd_kafka_mock_start_request_tracking(rd_kafka_mock_cluster_t* cluster);
extern "C" RD_EXPORT rd_kafka_mock_request_s** rd_kafka_mock_get_requests(
    rd_kafka_mock_cluster_t* cluster, std::size_t* count);
extern "C" RD_EXPORT std::int16_t rd_kafka_mock_request_api_key(rd_kafka_mock_request_s* request);
extern "C" RD_EXPORT void rd_kafka_mock_request_destroy_array(rd_kafka_mock_request_s** requests,
                                                              std::size_t count);

namespace headrace::source {

namespace {

using ClusterHandle =
    std::unique_ptr<rd_kafka_mock_cluster_t, DestroyWith<rd_kafka_mock_cluster_destroy>>;

base::Status status_of(rd_kafka_resp_err_t error, const std::string& what) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return kafka_error(error, what);
}

}  // namespace

struct MockCluster::Impl {
  ClientEvents events{ClientConfig{}};
  ClientHandle client;    // whose threads the brokers run on
  ClusterHandle cluster;  // goes first
  std::string bootstrap;
};

MockCluster::MockCluster(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
MockCluster::~MockCluster() {
  if (impl_ && !impl_->client.usable()) static_cast<void>(impl_.release());  // a forked child
}
MockCluster::MockCluster(MockCluster&&) noexcept = default;
MockCluster& MockCluster::operator=(MockCluster&&) noexcept = default;

base::Result<MockCluster> MockCluster::start(int brokers) {
  if (brokers < 1) {
    return base::invalid_argument("expected at least one broker, got " + std::to_string(brokers));
  }
  auto impl = std::make_unique<Impl>();
  // The client that carries the cluster needs an address and never connects to it.
  const ClientConfig nobody{.bootstrap = "127.0.0.1:1", .extra = {}, .insecure = false, .log = {}};
  auto client = make_client(nobody, ClientRole::kAdmin, {}, impl->events);
  if (!client) return client.error();
  impl->client = *std::move(client);
  impl->cluster.reset(rd_kafka_mock_cluster_new(impl->client.get(), brokers));
  if (!impl->cluster) {
    return base::Error{.code = base::ErrorCode::kKafka,
                       .message = "cannot start " + std::to_string(brokers) + " mock brokers"};
  }
  // Three seconds by default, as on a real broker, for members that start together: here a demo
  // waits.
  rd_kafka_mock_group_initial_rebalance_delay_ms(impl->cluster.get(), 100);
  impl->bootstrap = rd_kafka_mock_cluster_bootstraps(impl->cluster.get());
  return MockCluster(std::move(impl));
}

const std::string& MockCluster::bootstrap() const noexcept { return impl_->bootstrap; }

base::Status MockCluster::create_topic(const std::string& name, int partitions) {
  return status_of(rd_kafka_mock_topic_create(impl_->cluster.get(), name.c_str(), partitions, 1),
                   "topic \"" + name + '"');
}

base::Status MockCluster::set_broker_up(int broker, bool up) {
  auto* cluster = impl_->cluster.get();
  return status_of(up ? rd_kafka_mock_broker_set_up(cluster, broker)
                      : rd_kafka_mock_broker_set_down(cluster, broker),
                   "broker " + std::to_string(broker));
}

base::Status MockCluster::set_round_trip(int broker, int milliseconds) {
  return status_of(rd_kafka_mock_broker_set_rtt(impl_->cluster.get(), broker, milliseconds),
                   "broker " + std::to_string(broker));
}

base::Status MockCluster::set_leader(const std::string& topic, std::int32_t partition, int broker) {
  return status_of(
      rd_kafka_mock_partition_set_leader(impl_->cluster.get(), topic.c_str(), partition, broker),
      "leader of \"" + topic + '"');
}

void MockCluster::push_request_error(std::int16_t api_key, int error, int times) {
  const std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(times),
                                                static_cast<rd_kafka_resp_err_t>(error));
  rd_kafka_mock_push_request_errors_array(impl_->cluster.get(), api_key, errors.size(),
                                          errors.data());
}

void MockCluster::clear_request_errors(std::int16_t api_key) {
  rd_kafka_mock_clear_request_errors(impl_->cluster.get(), api_key);
}

void MockCluster::track_requests() { rd_kafka_mock_start_request_tracking(impl_->cluster.get()); }

int MockCluster::requests(std::int16_t api_key) const {
  std::size_t count = 0;
  rd_kafka_mock_request_s** requests = rd_kafka_mock_get_requests(impl_->cluster.get(), &count);
  const auto found = std::count_if(requests, requests + count, [api_key](auto* request) {
    return rd_kafka_mock_request_api_key(request) == api_key;
  });
  rd_kafka_mock_request_destroy_array(requests, count);
  return static_cast<int>(found);
}

base::Status MockCluster::delete_records(const std::string& topic, std::int32_t partition,
                                         std::int64_t offset) {
  return status_of(rd_kafka_mock_partition_delete_records(impl_->cluster.get(), topic.c_str(),
                                                          partition, offset),
                   "delete records of \"" + topic + '"');
}

}  // namespace headrace::source
