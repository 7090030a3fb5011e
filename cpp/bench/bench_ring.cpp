// Hand-over of 64-byte rows between two threads, in blocks: rows a second, as one JSON line each.
//
// The consumer touches every row (sums one word), so that nothing is optimised away. The peer is
// the same hand-over through a mutex and a condition variable, block by block.
//
//   bench_ring [rows, default 200000000]
#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <headrace/ring/spsc_ring.hpp>

namespace {

struct Row {
  std::array<std::uint64_t, 8> values{};
};
using Block = std::vector<Row>;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Spins, but lets the other side run where both share a core.
class Patience {
 public:
  void fruitless() {
    if (++tries_ % 2048 == 0) std::this_thread::yield();
  }

 private:
  unsigned tries_ = 0;
};

Block numbered(std::size_t n) {
  Block block(n);
  for (std::size_t i = 0; i < n; ++i) block[i].values.fill(i);
  return block;
}

void expect(std::uint64_t sum, std::uint64_t rows, std::size_t block) {
  if (sum == rows / block * (block * (block - 1) / 2)) return;
  std::fprintf(stderr, "rows were lost\n");
  std::exit(1);
}

double ring_rate(std::size_t block, std::size_t capacity, std::uint64_t rows) {
  headrace::ring::SpscRing<Row> ring(capacity);
  const auto start = std::chrono::steady_clock::now();
  std::thread producer([&] {
    Block out = numbered(block);
    Patience patience;
    for (std::uint64_t left = rows / block; left > 0; --left) {
      for (std::size_t done = 0; done < block;) {
        const std::size_t n = ring.push({out.data() + done, block - done});
        if (n == 0) patience.fruitless();
        done += n;
      }
    }
  });
  std::uint64_t sum = 0;
  Block in(block);
  Patience patience;
  for (std::uint64_t left = rows / block * block; left > 0;) {
    const std::size_t n = ring.pop({in.data(), std::min<std::uint64_t>(block, left)});
    if (n == 0) patience.fruitless();
    for (std::size_t i = 0; i < n; ++i) sum += in[i].values[7];
    left -= n;
  }
  producer.join();
  const double rate = static_cast<double>(rows) / seconds_since(start);
  expect(sum, rows, block);
  return rate;
}

double mutex_rate(std::size_t block, std::uint64_t rows) {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Block> queue;
  const auto start = std::chrono::steady_clock::now();
  std::thread producer([&] {
    const Block source = numbered(block);
    for (std::uint64_t left = rows / block; left > 0; --left) {
      Block copy = source;
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return queue.size() < 16; });
      queue.push_back(std::move(copy));
      changed.notify_one();
    }
  });
  std::uint64_t sum = 0;
  for (std::uint64_t left = rows / block; left > 0; --left) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !queue.empty(); });
    const Block in = std::move(queue.front());
    queue.pop_front();
    changed.notify_one();
    lock.unlock();
    for (const Row& row : in) sum += row.values[7];
  }
  producer.join();
  const double rate = static_cast<double>(rows) / seconds_since(start);
  expect(sum, rows, block);
  return rate;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t rows = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000'000;
  for (const std::size_t block : {std::size_t{64}, std::size_t{256}, std::size_t{1024}}) {
    const double ours = ring_rate(block, block * 16, rows);
    const double peer = mutex_rate(block, rows / 8);
    std::printf(
        "{\"name\": \"ring_rows_64B_block_%zu\", \"value\": %.4g, \"unit\": \"rows/s\", "
        "\"peer\": \"mutex and condition variable\", \"peer_value\": %.4g, \"ratio\": %.3f}\n",
        block, ours, peer, ours / peer);
  }
}
