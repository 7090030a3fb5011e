// The main function, for Catch2 2 alone; version 3 brings its own.
#define CATCH_CONFIG_MAIN
#include "catch.hpp"
