// Runs a fuzz driver as an ordinary test: over every seed of a folder, cut at every byte, and with
// single bytes flipped by a fixed generator. The same inputs on every machine.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kMaxCuts = 2000;
constexpr int kFlips = 2000;

std::vector<std::uint8_t> read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// An exact-size copy each time, so that AddressSanitizer sees a read past the end.
void run(const std::vector<std::uint8_t>& input, std::size_t size) {
  const std::vector<std::uint8_t> exact(input.begin(),
                                        input.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void run_variants(std::vector<std::uint8_t> seed) {
  run(seed, seed.size());
  for (std::size_t size = 0; size < seed.size() && size < kMaxCuts; ++size) run(seed, size);
  if (seed.empty()) return;
  std::minstd_rand random(1);
  for (int i = 0; i < kFlips; ++i) {
    std::uint8_t& byte = seed[random() % seed.size()];
    const std::uint8_t before = byte;
    byte = static_cast<std::uint8_t>(random());
    run(seed, seed.size());
    byte = before;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s SEEDS\n", argv[0]);
    return 2;
  }
  std::size_t seeds = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1])) {
    if (!entry.is_regular_file()) continue;
    run_variants(read(entry.path()));
    ++seeds;
  }
  std::printf("%zu seeds\n", seeds);
  return seeds > 0 ? 0 : 1;
}
