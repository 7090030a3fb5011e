#include <headrace/source/kafka/watcher.hpp>

#include <headrace/source/kafka/client.hpp>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;
using source::Notice;
using source::NoticeKind;

namespace {

class Watched {
 public:
  explicit Watched(const Cluster& cluster, const std::function<void(source::WatchSetup&)>& change)
      : Watched(cluster.mock.bootstrap(), change) {}
  Watched(const std::string& bootstrap, const std::function<void(source::WatchSetup&)>& change) {
    source::ClientConfig config;
    config.bootstrap = bootstrap;
    const std::vector<source::OwnSetting> own{{"group.id", "desk"}};
    client_ =
        source::make_client(config, source::ClientRole::kConsumer, own, events_).value_or_throw();
    source::WatchSetup setup;
    setup.topics = {"bars"};
    setup.bootstrap = bootstrap;
    setup.refresh = 50ms;
    change(setup);
    watcher = std::make_unique<source::Watcher>(client_.get(), setup,
                                                std::make_shared<source::TopicTable>(setup.topics),
                                                [this](Notice notice) {
                                                  const std::lock_guard lock(mutex_);
                                                  notices_.push_back(std::move(notice));
                                                  changed_.notify_all();
                                                });
  }
  // The next notice of this kind, skipping others.
  Notice next(NoticeKind kind) {
    std::unique_lock lock(mutex_);
    const auto end = Clock::now() + 10s;
    while (true) {
      for (; seen_ < notices_.size(); ++seen_) {
        if (notices_[seen_].kind == kind) return notices_[seen_++];
      }
      if (changed_.wait_until(lock, end) == std::cv_status::timeout) {
        throw std::runtime_error("no such notice within ten seconds");
      }
    }
  }

 private:
  source::ClientEvents events_{source::ClientConfig{}};
  source::ClientHandle client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Notice> notices_;
  std::size_t seen_ = 0;

 public:
  std::unique_ptr<source::Watcher> watcher;  // goes first
};

}  // namespace

TEST_CASE("the watcher finds partitions, each once, and those that appear later") {
  Cluster cluster;
  cluster.topic("bars", 2);
  Watched watched(cluster, [](auto& s) {
    s.topics = {"bars", "later"};
    s.request.start.at = source::StartAt::kLatest;
  });
  const Notice waiting = watched.next(NoticeKind::kWaiting);
  CHECK(waiting.error.message.find("\"later\"") != std::string::npos);
  const Notice first = watched.next(NoticeKind::kPlaces);
  CHECK(first.places.size() == 2);
  CHECK_FALSE(first.complete);
  cluster.topic("later", 1);
  cluster.fill("later", 0, 5);
  Notice places = watched.next(NoticeKind::kPlaces);
  REQUIRE(places.places.size() == 1);
  CHECK(places.places[0].topic == "later");
  CHECK(places.places[0].offset == 0);  // appeared after the start: from its beginning
  CHECK(places.complete);
}

TEST_CASE("the share of one source among several") {
  Cluster cluster;
  cluster.topic("bars", 5);
  Watched watched(cluster, [](auto& s) {
    s.share = 1;
    s.shares = 2;
  });
  const Notice notice = watched.next(NoticeKind::kPlaces);
  REQUIRE(notice.places.size() == 2);
  CHECK(notice.places[0].partition == 1);
  CHECK(notice.places[1].partition == 3);
}

TEST_CASE("resolve answers with the generation it was asked with, the newest only") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 3);
  Watched watched(cluster, [](auto& s) {
    s.assign = false;
    s.request.with_end = true;
  });
  watched.watcher->resolve(7, {{"bars", 0}});
  const Notice notice = watched.next(NoticeKind::kPlaces);
  CHECK(notice.generation == 7);
  REQUIRE(notice.places.size() == 1);
  CHECK(notice.places[0].end == 3);
}

TEST_CASE("ranges are asked on demand") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 3);
  Watched watched(cluster, [](auto& s) { s.assign = false; });
  watched.watcher->ask_range({"bars", 0});
  const Notice notice = watched.next(NoticeKind::kRange);
  CHECK(notice.where == source::TopicPartition{"bars", 0});
  CHECK(notice.range.low == 0);
  CHECK(notice.range.high == 3);
}

TEST_CASE("a partition without a leader is told, the others are read, and it joins later") {
  Cluster cluster;
  cluster.topic("bars", 2);
  cluster.fill("bars", 0, 3);
  cluster.mock.set_leader("bars", 1, -1).throw_if_error();
  Watched watched(cluster, [](auto& s) { s.topics = {"bars"}; });
  const Notice others = watched.next(NoticeKind::kPlaces);
  REQUIRE(others.places.size() == 1);
  CHECK(others.places[0].partition == 0);
  CHECK(watched.next(NoticeKind::kWaiting).error.message ==
        "bars[1] has no leader: its broker is down or its disk has failed; waiting");
  cluster.mock.set_leader("bars", 1, 1).throw_if_error();
  (void)watched.next(NoticeKind::kFound);
  const Notice joined = watched.next(NoticeKind::kPlaces);
  REQUIRE(joined.places.size() == 1);
  CHECK(joined.places[0].partition == 1);
  cluster.mock.set_leader("bars", 0, -1).throw_if_error();  // one that is read already
  CHECK(watched.next(NoticeKind::kWaiting).error.message.starts_with("bars[0] has no leader"));
}

TEST_CASE("a pattern without a match is waited for, or an error where that is wanted") {
  Cluster cluster;
  cluster.topic("bars", 1);
  const auto change = [](auto& s) {
    s.topics.clear();
    s.pattern = "^(nothing.*)$";
  };
  Watched patient(cluster, change);
  CHECK(patient.next(NoticeKind::kWaiting).error.message ==
        "no topic on " + cluster.mock.bootstrap() + " matches ^(nothing.*)$; waiting");
  Watched strict(cluster, [&](auto& s) {
    change(s);
    s.strict = true;
  });
  CHECK(strict.next(NoticeKind::kFatal).error.code == base::ErrorCode::kTopicNotFound);
}

TEST_CASE("no answer is said again and again, and an answer once it comes") {
  Cluster cluster;
  cluster.topic("bars", 1);
  Watched watched(cluster, [](auto& s) { s.refresh = 10s; });
  watched.next(NoticeKind::kHealed);
  cluster.mock.set_broker_up(1, false).throw_if_error();
  watched.watcher->probe();
  CHECK(watched.next(NoticeKind::kBroken).error.retriable);
  watched.next(NoticeKind::kBroken);
  cluster.mock.set_broker_up(1, true).throw_if_error();
  watched.next(NoticeKind::kHealed);
}

TEST_CASE("the watcher ends soon, also while nobody answers") {
  Watched watched("127.0.0.1:1", [](auto&) {});
  watched.next(NoticeKind::kBroken);
  const auto start = Clock::now();
  watched.watcher.reset();
  CHECK(Clock::now() - start < 2s);
}
