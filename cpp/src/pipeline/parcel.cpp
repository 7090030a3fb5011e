#include <headrace/pipeline/parcel.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace headrace::pipeline {

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
