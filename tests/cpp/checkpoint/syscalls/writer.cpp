// writer DIRECTORY FIRST LAST LOG: writes checkpoints of these commits and says in LOG how each
// went.
#include <fstream>
#include <string>

#include "checkpoint/support.hpp"

int main(int count, char** arguments) {
  using namespace headrace;
  if (count != 5) return 2;
  const std::string log = arguments[4];
  const auto say = [&](const std::string& line) {
    std::ofstream(log, std::ios::app) << line << '\n';
  };
  auto store = checkpoint::open_directory_store(arguments[1], 2);
  if (!store) {
    say("closed " + store.error().message);
    return 0;
  }
  for (std::uint64_t commit = std::stoull(arguments[2]); commit <= std::stoull(arguments[3]);
       ++commit) {
    const base::Status status = (*store)->write(test::sample(commit));
    say(status ? "done " + std::to_string(commit)
               : "failed " + std::to_string(commit) + ' ' + status.error().message);
  }
  return 0;
}
