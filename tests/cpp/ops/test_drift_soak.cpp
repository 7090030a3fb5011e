// 10^9 rows around 1e12, behind the label slow; prints the worst error of each indicator.
#include <cstdio>

#include "catch.hpp"
#include "ops/drift.hpp"

using namespace headrace::test;

TEST_CASE("a thousand million rows around 1e12 leave no drift") {
  const auto worst = drift_over(1'000'000'000);
  for (const auto& [name, error] : worst) std::printf("%-7s %.3g\n", name.c_str(), error);
  check_drift(worst);
}
