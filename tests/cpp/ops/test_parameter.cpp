#include <headrace/ops/parameter.hpp>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("parameters carry TA-Lib's range") {
  const ops::ParamInfo period = ops::period_param("timeperiod", 20, 2);
  CHECK(period.name == "timeperiod");
  CHECK(period.default_value == 20);
  CHECK(period.minimum == 2);
  CHECK(period.maximum == 100000);
  CHECK(period.integer);
  const ops::ParamInfo deviations = ops::deviations_param("nbdevup", 2);
  CHECK(!deviations.integer);
  CHECK(deviations.minimum == -deviations.maximum);
}

TEST_CASE("the longest period works") {
  Values values(100001, 0.5);
  values.back() = 1;
  const Columns got = run("sma", {ops::kLongestPeriod}, {values});
  CHECK(warm_up_of(got[0]) == 99999);
  CHECK(nearly(got[0].back(), 0.5 + 0.5 / 100000, 1e-15));
}
