#include <headrace/ops/registry.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("the registry describes every indicator of the first issue, each once") {
  std::vector<std::string> names;
  for (const ops::IndicatorInfo& info : ops::indicators()) names.push_back(info.name);
  std::ranges::sort(names);
  const std::vector<std::string> expected = {
      "aroon",      "aroonosc", "atr", "bbands", "ema", "lag",    "macd", "max", "min",   "obv",
      "pct_change", "pvt",      "roc", "rsi",    "sma", "stddev", "sum",  "wma", "zscore"};
  CHECK(names == expected);
  for (const ops::IndicatorInfo& info : ops::indicators()) {
    INFO(info.name);
    CHECK(!info.inputs.empty());
    CHECK(!info.outputs.empty());
    CHECK(!info.panel.empty());
    for (const ops::ParamInfo& param : info.params) {
      CHECK(param.minimum <= param.default_value);
      CHECK(param.default_value <= param.maximum);
    }
  }
}

TEST_CASE("find_indicator knows the names and nothing else") {
  REQUIRE(ops::find_indicator("bbands") != nullptr);
  CHECK(ops::find_indicator("bbands")->outputs ==
        std::vector<std::string>{"upper", "middle", "lower"});
  CHECK(ops::find_indicator("BBANDS") == nullptr);
  CHECK(ops::find_indicator("") == nullptr);
}

TEST_CASE("lookback follows the parameters as TA-Lib's does") {
  const auto lookback = [](const char* name, const std::vector<double>& params) {
    return ops::find_indicator(name)->lookback(params);
  };
  CHECK(lookback("sma", {20}) == 19);
  CHECK(lookback("rsi", {14}) == 14);
  CHECK(lookback("macd", {12, 26, 9}) == 33);
  CHECK(lookback("macd", {26, 12, 9}) == 33);
  CHECK(lookback("aroon", {25}) == 25);
  CHECK(lookback("obv", {}) == 0);
  CHECK_THROWS_AS(lookback("sma", {}), base::Exception);
  CHECK_THROWS_AS(lookback("sma", {0}), base::Exception);
}
