// Catch2 3, or 2 where the system has no newer one (Debian 12). Tests include this file alone, and
// use what both offer: TEST_CASE, SECTION, REQUIRE, CHECK, GENERATE, Catch::Approx.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
