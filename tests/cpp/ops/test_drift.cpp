// Ten million rows around 1e12; test_drift_soak.cpp has 10^9.
#include "catch.hpp"
#include "ops/drift.hpp"

using namespace headrace::test;

TEST_CASE("ten million rows around 1e12 leave no drift") { check_drift(drift_over(10'000'000)); }
