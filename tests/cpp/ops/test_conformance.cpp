// The suite that every registered indicator passes: nothing but the values may enter a result.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::IndicatorInfo;

namespace {

constexpr std::size_t kRows = 700;

// The defaults, the smallest and something odd.
std::vector<Values> parameter_sets(const IndicatorInfo& info) {
  std::vector<Values> sets(3);
  for (const ops::ParamInfo& param : info.params) {
    sets[0].push_back(param.default_value);
    sets[1].push_back(param.minimum);
    sets[2].push_back(param.integer ? 7 : -1.5);
  }
  if (info.params.empty()) sets.resize(1);
  return sets;
}

template <class Check>
void for_each_indicator(Check check) {
  for (const IndicatorInfo& info : ops::indicators()) {
    for (const Values& params : parameter_sets(info)) {
      std::string with;
      for (const double p : params) with += " " + std::to_string(p);
      INFO(info.name << with);
      check(info, params);
    }
  }
}

std::vector<std::uint32_t> key_ids(std::size_t rows, std::uint32_t keys, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint32_t> ids(rows);
  for (std::uint32_t& id : ids) id = static_cast<std::uint32_t>(random() % keys);
  return ids;
}

Columns in_pieces(Feed& feed, const Columns& inputs, const std::vector<std::uint32_t>& keys,
                  std::size_t from, const std::function<std::size_t()>& length) {
  Columns all;
  for (std::size_t at = from; at < inputs[0].size();) {
    const std::size_t end = std::min(inputs[0].size(), at + length());
    append(all, feed.feed(inputs, keys, at, end));
    at = end;
  }
  return all;
}

}  // namespace

TEST_CASE("every indicator gives the same bits however its rows are cut") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    for (const std::uint32_t keys : {0U, 1U, 5U}) {
      const Columns inputs = market(info, kRows, 11, true);
      const auto ids = keys == 0 ? std::vector<std::uint32_t>{} : key_ids(kRows, keys, 3);
      Feed whole(info, params);
      const Columns expected = whole.feed(inputs, ids, 0, kRows);
      Feed row_by_row(info, params);
      CHECK(same_bits(in_pieces(row_by_row, inputs, ids, 0, [] { return 1; }), expected));
      CHECK(row_by_row.snapshot() == whole.snapshot());
      std::mt19937_64 random(5);
      Feed chunks(info, params);
      const auto any_length = [&] { return 1 + random() % 97; };
      CHECK(same_bits(in_pieces(chunks, inputs, ids, 0, any_length), expected));
      CHECK(chunks.snapshot() == whole.snapshot());
    }
  });
}

TEST_CASE("every indicator goes on from a snapshot to the bit") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    std::mt19937_64 random(17);
    for (const std::uint32_t keys : {1U, 4U}) {
      const Columns inputs = market(info, kRows, 23, true);
      const auto ids = key_ids(kRows, keys, 9);
      Feed whole(info, params);
      const Columns expected = whole.feed(inputs, ids, 0, kRows);
      for (int cut = 0; cut < 12; ++cut) {
        const std::size_t at = cut == 0 ? 0 : random() % kRows;
        Feed before(info, params);
        Columns all = before.feed(inputs, ids, 0, at);
        const std::vector<std::byte> saved = before.snapshot();
        Feed after(info, params);
        after.feed(market(info, 40, 99, false));  // whatever was there is replaced
        REQUIRE(after.restore(saved).ok());
        CHECK(after.snapshot() == saved);
        append(all, after.feed(inputs, ids, at, kRows));
        CHECK(same_bits(all, expected));
        CHECK(after.snapshot() == whole.snapshot());
      }
    }
  });
}

TEST_CASE("every indicator refuses a truncated snapshot and stays what it was") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    const Columns inputs = market(info, 60, 31, false);
    Feed feed(info, params);
    const auto ids = key_ids(60, 3, 1);
    feed.feed(inputs, ids, 0, 60);
    const std::vector<std::byte> saved = feed.snapshot();
    for (std::size_t size = 0; size < saved.size(); ++size) {
      const base::Status status = feed.restore(std::span(saved).first(size));
      REQUIRE(!status.ok());
      REQUIRE(status.error().code == base::ErrorCode::kCheckpoint);
    }
    CHECK(feed.snapshot() == saved);
  });
}

// Under the address sanitizer: a damaged position must not become an address.
TEST_CASE("every indicator survives a damaged snapshot") {
  std::mt19937_64 random(71);
  for_each_indicator([&](const IndicatorInfo& info, const Values& params) {
    const Columns inputs = market(info, 200, 37, false);
    Feed feed(info, params);
    feed.feed(inputs, {}, 0, 50);
    const std::vector<std::byte> saved = feed.snapshot();
    int refused = 0;
    for (int round = 0; round < 60; ++round) {
      std::vector<std::byte> damaged = saved;
      for (int byte = 0; byte < 4; ++byte) {
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
      }
      Feed victim(info, params);
      if (!victim.restore(damaged).ok()) ++refused;
      CHECK(victim.feed(inputs)[0].size() == 200);
    }
    CHECK(refused > 0);
  });
}

TEST_CASE("every indicator refuses the snapshot of another one or of other parameters") {
  const std::vector<IndicatorInfo>& all = ops::indicators();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const IndicatorInfo& other = all[(i + 1) % all.size()];
    INFO(all[i].name << " given " << other.name);
    Feed one(all[i], parameter_sets(all[i])[0]);
    CHECK(!one.restore(Feed(other, parameter_sets(other)[0]).snapshot()).ok());
    if (all[i].params.empty()) continue;
    CHECK(!one.restore(Feed(all[i], parameter_sets(all[i])[2]).snapshot()).ok());
  }
}

TEST_CASE("a gap gives NaN and is as if it had not been there, for every indicator") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    const Columns with_gaps = market(info, kRows, 41, true);
    const auto is_gap = [&](std::size_t row) {
      return std::ranges::any_of(with_gaps,
                                 [row](const Values& c) { return !(std::abs(c[row]) < 1e100); });
    };
    Columns without(with_gaps.size());
    for (std::size_t row = 0; row < kRows; ++row) {
      if (is_gap(row)) continue;
      for (std::size_t c = 0; c < without.size(); ++c) without[c].push_back(with_gaps[c][row]);
    }
    const Columns expected = run(info.name, params, without);
    const Columns got = run(info.name, params, with_gaps);
    for (std::size_t o = 0; o < got.size(); ++o) {
      Values kept;
      for (std::size_t row = 0; row < kRows; ++row) {
        if (is_gap(row)) {
          CHECK(std::isnan(got[o][row]));
        } else {
          kept.push_back(got[o][row]);
        }
      }
      CHECK(same_bits({kept}, {expected[o]}));
    }
  });
}

TEST_CASE("keys do not touch one another, in any indicator") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    constexpr std::uint32_t kKeys = 6;
    const Columns inputs = market(info, kRows, 43, true);
    const auto ids = key_ids(kRows, kKeys, 13);
    const Columns together = Feed(info, params).feed(inputs, ids, 0, kRows);
    for (std::uint32_t key = 0; key < kKeys; ++key) {
      Columns alone(inputs.size());
      Columns expected(together.size());
      for (std::size_t row = 0; row < kRows; ++row) {
        if (ids[row] != key) continue;
        for (std::size_t c = 0; c < inputs.size(); ++c) alone[c].push_back(inputs[c][row]);
        for (std::size_t o = 0; o < together.size(); ++o) {
          expected[o].push_back(together[o][row]);
        }
      }
      CHECK(same_bits(run(info.name, params, alone), expected));
    }
  });
}

TEST_CASE("operators of one indicator share nothing") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    const Columns inputs = market(info, kRows, 47, false);
    const Columns expected = run(info.name, params, inputs);
    Feed one(info, params);
    Feed two(info, params);
    Columns interrupted = one.feed(inputs, {}, 0, kRows / 2);
    two.feed(market(info, kRows, 53, true));
    append(interrupted, one.feed(inputs, {}, kRows / 2, kRows));
    CHECK(same_bits(interrupted, expected));
  });
}

TEST_CASE("the lookback is the number of rows before the first value, in every output") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    const Columns outputs = run(info.name, params, market(info, kRows, 59, false));
    for (const Values& output : outputs) {
      CHECK(warm_up_of(output) == static_cast<std::size_t>(info.lookback(params)));
    }
  });
}

TEST_CASE("NaN has one representation in every output") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const Values& output : run(info.name, params, market(info, kRows, 61, true))) {
      for (const double x : output) {
        if (std::isnan(x)) REQUIRE(same_bits({{x}}, {{nan}}));
      }
    }
  });
}

TEST_CASE("keys without a value leave no trace in a snapshot") {
  for_each_indicator([](const IndicatorInfo& info, const Values& params) {
    const Columns inputs = market(info, 30, 67, false);
    const Columns nothing(info.inputs.size(), Values(1, std::nan("")));
    Feed one(info, params);
    one.feed(inputs);
    Feed many(info, params);
    many.feed(inputs);
    const std::vector<std::uint32_t> last_key = {9};
    many.feed(nothing, last_key, 0, 1);
    CHECK(many.snapshot() == one.snapshot());
  });
}
