#include <headrace/pipeline/parcel.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace headrace::pipeline {

void fill_from_originals(Parcel& parcel) {
  if (parcel.originals.empty()) return;
  for (record::Reject& reject : parcel.rejects) {
    const auto found = std::lower_bound(
        parcel.originals.begin(), parcel.originals.end(), reject.offset,
        [](const Original& one, std::int64_t offset) { return one.offset < offset; });
    if (found == parcel.originals.end() || found->offset != reject.offset) continue;
    reject.timestamp_ms = found->timestamp_ms;
    reject.key = found->key;
    reject.value = found->value;
    reject.cut = found->cut;
    reject.attempt = found->attempt;
  }
}

std::size_t drop_rows(Parcel& parcel) {
  const std::size_t rows = parcel.batch.rows();
  parcel.batch.gather({});
  return rows;
}

std::size_t conflate(std::span<ParcelPtr> parcels) {
  std::map<std::tuple<const TaskSlot*, std::uint32_t>, std::vector<bool>> newer;
  std::size_t dropped = 0;
  std::vector<std::uint32_t> kept;
  for (auto at = parcels.rbegin(); at != parcels.rend(); ++at) {
    Parcel& parcel = **at;
    std::vector<bool>& seen = newer[{parcel.slot, parcel.epoch}];
    seen.resize(std::max<std::size_t>(seen.size(), parcel.batch.key_count));
    kept.clear();
    for (std::size_t row = parcel.batch.rows(); row > 0; --row) {
      const std::uint32_t key = parcel.batch.key_id(row - 1);
      if (seen[key]) continue;
      seen[key] = true;
      kept.push_back(static_cast<std::uint32_t>(row - 1));
    }
    std::reverse(kept.begin(), kept.end());
    dropped += parcel.batch.rows() - kept.size();
    parcel.batch.gather(kept);
  }
  return dropped;
}

}  // namespace headrace::pipeline
