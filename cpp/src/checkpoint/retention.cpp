#include <headrace/checkpoint/retention.hpp>

#include <algorithm>
#include <utility>

namespace headrace::checkpoint {

std::vector<Stored> given_up(std::vector<Stored> there, const Checkpoint& first) {
  std::erase_if(there, [&](const Stored& stored) {
    return !stored.trouble.empty() || stored.pipeline != first.pipeline ||
           stored.commit <= first.commit;
  });
  return there;
}

std::vector<Stored> outdated(std::vector<Stored> there, const Checkpoint& written, std::size_t keep,
                             const std::function<bool(const Stored&)>& is_whole) {
  const auto ours = [&](const Stored& stored) { return stored.pipeline == written.pipeline; };
  std::erase_if(there, [&](const Stored& stored) {
    return stored.commit == written.commit || (ours(stored) && stored.commit > written.commit);
  });
  std::ranges::sort(there, [&](const Stored& a, const Stored& b) {
    return std::pair(ours(a), a.commit) > std::pair(ours(b), b.commit);
  });
  std::size_t kept = 1;  // what was just written
  std::vector<Stored> old;
  std::vector<Stored> damaged;
  for (Stored& stored : there) {
    if (kept == keep) {
      old.push_back(std::move(stored));
    } else if (is_whole(stored)) {
      ++kept;
    } else {
      damaged.push_back(std::move(stored));
    }
  }
  // Until there are enough whole ones, a damaged one may still be good for something.
  if (kept == keep) std::ranges::move(damaged, std::back_inserter(old));
  return old;
}

}  // namespace headrace::checkpoint
