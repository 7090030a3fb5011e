// writer STORE FIRST LAST LOG [BYTES]: writes checkpoints of these commits and says in LOG how each
// went. STORE is a directory, or kafka:HOST:PORT for the topic "checkpoints" there.
#include <fstream>
#include <string>

#include "checkpoint/support.hpp"

#include <headrace/checkpoint/kafka_store.hpp>

namespace {

using namespace headrace;

base::Result<std::shared_ptr<checkpoint::Store>> open(const std::string& store) {
  const std::string kafka = "kafka:";
  if (!store.starts_with(kafka)) return checkpoint::open_directory_store(store, 2);
  checkpoint::KafkaStoreConfig config{.client = {}, .topic = "checkpoints"};
  config.client.bootstrap = store.substr(kafka.size());
  return checkpoint::open_kafka_store(std::move(config));
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return 2;
  const std::string log = arguments[4];
  const std::size_t bytes = count > 5 ? std::stoull(arguments[5]) : 300;
  const auto say = [&](const std::string& line) {
    std::ofstream(log, std::ios::app) << line << '\n';
  };
  auto store = open(arguments[1]);
  if (!store) {
    say("closed " + store.error().message);
    return 0;
  }
  for (std::uint64_t commit = std::stoull(arguments[2]); commit <= std::stoull(arguments[3]);
       ++commit) {
    const base::Status status = (*store)->write(test::sample(commit, bytes));
    say(status ? "done " + std::to_string(commit)
               : "failed " + std::to_string(commit) + ' ' + status.error().message);
  }
  return 0;
}
