#include <headrace/pipeline/parcel.hpp>

#include <random>
#include <vector>

#include <headrace/pipeline/task_registry.hpp>

#include "catch.hpp"

using namespace headrace;
using pipeline::Parcel;
using pipeline::ParcelPtr;
using pipeline::TaskSlot;

namespace {

ParcelPtr parcel(TaskSlot& slot, std::int64_t first_offset,
                 const std::vector<std::uint32_t>& keys) {
  auto made = std::make_unique<Parcel>();
  made->slot = &slot;
  made->batch = record::RecordBatch(std::make_shared<const record::Schema>(), keys.size(), {});
  made->batch.offsets = record::Buffer::allocate(keys.size() * sizeof(std::int64_t));
  made->batch.key_ids = record::Buffer::allocate(keys.size() * sizeof(std::uint32_t));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    made->batch.offsets->as<std::int64_t>()[i] = first_offset + static_cast<std::int64_t>(i);
    made->batch.key_ids->as<std::uint32_t>()[i] = keys[i];
    made->batch.key_count = std::max(made->batch.key_count, keys[i] + 1);
  }
  return made;
}

std::vector<std::int64_t> offsets(const Parcel& of) {
  const auto values = of.batch.offset_values();
  return {values.begin(), values.end()};
}

using Offsets = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("only the newest row of each key and task survives, in order") {
  TaskSlot a({0, 0}, {0, 0}, 0);
  TaskSlot b({0, 1}, {0, 1}, 0);
  std::vector<ParcelPtr> parcels;
  parcels.push_back(parcel(a, 0, {0, 1, 0, 2}));
  parcels.push_back(parcel(b, 0, {0, 1}));
  parcels.push_back(parcel(a, 4, {1, 3, 1}));
  CHECK(pipeline::conflate(parcels) == 3);
  CHECK(offsets(*parcels[0]) == Offsets{2, 3});
  CHECK(offsets(*parcels[1]) == Offsets{0, 1});
  CHECK(offsets(*parcels[2]) == Offsets{5, 6});
  CHECK(pipeline::conflate(parcels) == 0);
}

TEST_CASE("rows of another assignment are of another task") {
  TaskSlot a({0, 0}, {0, 0}, 0);
  std::vector<ParcelPtr> parcels;
  parcels.push_back(parcel(a, 0, {0}));
  parcels.push_back(parcel(a, 0, {0}));
  parcels[1]->epoch = 2;
  CHECK(pipeline::conflate(parcels) == 0);
}

TEST_CASE("parcels without rows or without keys are no trouble") {
  TaskSlot a({0, 0}, {0, 0}, 0);
  std::vector<ParcelPtr> parcels;
  parcels.push_back(std::make_unique<Parcel>());
  parcels.push_back(parcel(a, 0, {0, 0, 0}));
  parcels[1]->batch.key_ids.reset();  // one key
  CHECK(pipeline::conflate(parcels) == 2);
  CHECK(offsets(*parcels[1]) == Offsets{2});
}

TEST_CASE("a parcel that loses its rows keeps its rejects and its position") {
  TaskSlot a({0, 0}, {0, 0}, 0);
  const ParcelPtr p = parcel(a, 0, {0, 1});
  p->rejects.resize(2);
  p->next_offset = 7;
  CHECK(pipeline::drop_rows(*p) == 2);
  CHECK(p->batch.rows() == 0);
  CHECK(p->rejects.size() == 2);
  CHECK(p->next_offset == 7);
  CHECK(pipeline::drop_rows(*p) == 0);
}
