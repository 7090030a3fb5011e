#include <headrace/source/kafka/config.hpp>

#include <algorithm>
#include <array>

namespace headrace::source {

namespace {

struct Refusal {
  std::string_view key;
  std::string_view reason;
};

constexpr std::string_view kLoadsCode = "it loads code into the process";
constexpr std::string_view kRunsCommand = "it runs a command";
constexpr std::string_view kRedirects = "it sends credentials to another address";
constexpr std::string_view kUnsafe = "it accepts unsigned credentials";
constexpr std::string_view kCallback = "it is a pointer inside the process";
constexpr std::string_view kTalks = "it may print what the connection carries; use log_level";
constexpr std::string_view kPositions = "headrace commits positions itself, after the results";
constexpr std::string_view kArgument = "it has an argument of its own";
constexpr std::string_view kOwned = "headrace's promises depend on its value";

constexpr std::array<Refusal, 37> kRefused{{
    {"plugin.library.paths", kLoadsCode},
    {"ssl.engine.location", kLoadsCode},
    {"ssl.engine.id", kLoadsCode},
    {"ssl.providers", kLoadsCode},
    {"sasl.kerberos.kinit.cmd", kRunsCommand},
    {"sasl.oauthbearer.token.endpoint.url", kRedirects},
    {"enable.sasl.oauthbearer.unsecure.jwt", kUnsafe},
    {"debug", kTalks},
    {"bootstrap.servers", kArgument},
    {"metadata.broker.list", kArgument},
    {"group.id", kArgument},
    {"group.instance.id", kArgument},
    {"topic.metadata.refresh.interval.ms", kArgument},
    {"enable.auto.commit", kPositions},
    {"auto.commit.enable", kPositions},
    {"auto.commit.interval.ms", kPositions},
    {"enable.auto.offset.store", kPositions},
    {"offset.store.method", kPositions},
    {"offset.store.path", kPositions},
    {"offset.store.sync.interval.ms", kPositions},
    {"auto.offset.reset", kArgument},
    {"enable.partition.eof", kOwned},
    {"allow.auto.create.topics", kOwned},
    {"fetch.queue.backoff.ms", kOwned},
    {"log.queue", kOwned},
    {"log_level", kTalks},
    {"enable.idempotence", kOwned},
    {"enable.gapless.guarantee", kOwned},
    {"acks", kOwned},
    {"request.required.acks", kOwned},
    {"max.in.flight", kOwned},
    {"max.in.flight.requests.per.connection", kOwned},
    {"delivery.report.only.error", kOwned},
    {"transactional.id", kOwned},
    {"opaque", kCallback},
    {"default_topic_conf", kCallback},
    {"test.mock.num.brokers", kOwned},
}};

// - fetch.queue.backoff.ms: at the default of a second, a reader slower than the fetcher stalls in
//   whole seconds.
// - fetch.message.max.bytes (a partition, a fetch): with 1 MiB a fetch is read while it is still in
//   the processor's cache: a sixth less CPU and half the memory of 8 MiB, and faster, on loopback.
//   On a link with long round trips more is better.
// - queued.max.messages.kbytes: prefetched at most; two fetches of four partitions.
// - check.crcs: costs 4 % of a bare read, measured; a flipped bit in a price costs more.
// - reconnect.backoff.max.ms: a broker that is back is found within a second instead of ten, at the
//   price of one attempt more a second while it is away.
// - log.connection.close: logged as information, and for some causes (a port that expects TLS) the
//   only word there is.
constexpr std::array<Setting, 16> kConsumer{{
    {"client.id", "headrace"},
    {"isolation.level", "read_committed"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"},
    {"check.crcs", "true"},
    {"allow.auto.create.topics", "false"},
    {"fetch.queue.backoff.ms", "1"},
    {"fetch.message.max.bytes", "1048576"},
    {"fetch.error.backoff.ms", "100"},
    {"queued.max.messages.kbytes", "8192"},
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "500"},
    {"log.connection.close", "true"},
}};

constexpr std::array<Setting, 11> kProducer{{
    {"client.id", "headrace"},
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"partitioner", "murmur2_random"},
    {"delivery.report.only.error", "true"},
    {"queue.buffering.max.messages", "200000"},
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"},
    {"log.connection.close", "true"},
}};

constexpr std::array<Setting, 6> kAdmin{{
    {"client.id", "headrace"},
    {"socket.nagle.disable", "true"},
    {"allow.auto.create.topics", "false"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"},
    {"log.connection.close", "true"},
}};

bool ends_with(std::string_view text, std::string_view end) noexcept {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

std::span<const Setting> baseline(ClientRole role) noexcept {
  switch (role) {
    case ClientRole::kConsumer:
      return kConsumer;
    case ClientRole::kProducer:
      return kProducer;
    case ClientRole::kAdmin:
      break;
  }
  return kAdmin;
}

std::string_view refusal(std::string_view key) noexcept {
  const auto* found = std::find_if(kRefused.begin(), kRefused.end(),
                                   [&](const Refusal& r) { return r.key == key; });
  if (found != kRefused.end()) return found->reason;
  return ends_with(key, "_cb") ? kCallback : std::string_view{};
}

bool is_secret(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 7> kParts{"password", "secret",      "pem",      "token",
                                                   "keytab",   "oauthbearer", "assertion"};
  return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
    return key.find(part) != std::string_view::npos;
  });
}

}  // namespace headrace::source
