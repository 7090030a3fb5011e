#include "runtime.hpp"

#include <ATen/Parallel.h>
#include <torch/cuda.h>

#include "catch.hpp"

using namespace headrace::torchscript;

TEST_CASE("the torch that is loaded is the one this was built for") {
  CHECK(loaded_version().find('.') != std::string::npos);
  CHECK_FALSE(version_mismatch(built_version(), loaded_version()));
}

TEST_CASE("another minor version is refused with both versions, another patch is not") {
  CHECK_FALSE(version_mismatch("2.15.0", "2.15.3"));
  for (const char* other : {"2.14.9", "3.15.0", "2.1.5", ""}) {
    const auto why = version_mismatch("2.15.0", other);
    REQUIRE(why);
    CHECK(why->find("2.15.0") != std::string::npos);
    CHECK(why->find(*other == '\0' ? "unknown version" : other) != std::string::npos);
  }
}

TEST_CASE("devices that are not there are refused") {
  CHECK_FALSE(device_problem("cpu"));
  CHECK(device_problem("tpu9"));
  CHECK(device_problem("meta"));
  CHECK(device_problem("cuda:999"));
  if (!torch::cuda::is_available()) {
    CHECK(device_problem("cuda")->find("no CUDA device") != std::string::npos);
  }
}

TEST_CASE("the thread setting is put back") {
  const int before = at::get_num_threads();
  {
    const ThreadScope scope(before + 1);
    CHECK(at::get_num_threads() == before + 1);
  }
  CHECK(at::get_num_threads() == before);
}
