// Every interleaving of small ring programs, and proof that the checker sees what it should: each
// of the ring's four memory orders, taken away, is found out.
#include <headrace/ring/spsc_ring.hpp>

#include "catch.hpp"

#if !defined(__SANITIZE_THREAD__)  // one OS thread with swapped stacks: nothing for TSan to see

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "interleave.hpp"

namespace {

using headrace::testing::Cell;
using headrace::testing::Explorer;
using headrace::testing::ModelAtomic;
using headrace::testing::Scenario;
using headrace::testing::Weakening;
using Ring = headrace::ring::SpscRing<Cell, ModelAtomic>;

struct Program {
  std::size_t capacity;
  std::vector<std::size_t> pushes;  // block sizes, one try each
  std::vector<std::size_t> pops;
};

// What one execution holds; the fibers share it.
struct Run {
  explicit Run(const Program& p) : program(p), ring(p.capacity, ~std::size_t{0} - 1) {}

  void produce() {
    for (const std::size_t n : program.pushes) {
      std::vector<Cell> block;
      for (std::size_t i = 0; i < n; ++i) block.emplace_back(pushed + static_cast<int>(i));
      pushed += static_cast<int>(ring.push(block));
    }
  }
  void consume() {
    for (const std::size_t n : program.pops) take(n);
  }
  void take(std::size_t n) {
    std::vector<Cell> out(n);
    const std::size_t got = ring.pop(out);
    for (std::size_t i = 0; i < got; ++i) {
      if (out[i].read() != popped++) Explorer::current().fail("not first in, first out");
    }
  }
  void check() {
    take(ring.capacity());
    if (popped != pushed) Explorer::current().fail("items lost or doubled");
  }

  Program program;
  Ring ring;
  int pushed = 0;
  int popped = 0;
};

Explorer explore(const Program& program, Weakening weakening = {}, bool observe = false) {
  Explorer explorer(weakening);
  explorer.explore([&] {
    auto run = std::make_shared<Run>(program);
    Scenario scenario{.threads = {[run] { run->produce(); }, [run] { run->consume(); }},
                      .after = [run] { run->check(); }};
    if (observe) {
      scenario.threads.push_back([run] {
        if (run->ring.size() > run->ring.capacity()) Explorer::current().fail("size too large");
      });
    }
    return scenario;
  });
  return explorer;
}

const std::vector<Program> kPrograms{
    {.capacity = 1, .pushes = {1, 1, 1, 1}, .pops = {1, 1, 1, 1}},
    {.capacity = 2, .pushes = {1, 1, 1, 1}, .pops = {1, 1, 1, 1}},
    {.capacity = 2, .pushes = {2, 1, 2}, .pops = {1, 2, 2}},
    {.capacity = 4, .pushes = {3, 3, 3}, .pops = {2, 4, 3}},
};

}  // namespace

TEST_CASE("no interleaving of small programs breaks the ring", "[ring][interleavings]") {
  std::uint64_t executions = 0;
  for (const Program& program : kPrograms) {
    const Explorer explorer = explore(program);
    INFO(explorer.first_violation());
    REQUIRE(explorer.violations() == 0);
    executions += explorer.executions();
  }
  REQUIRE(executions > 10'000);  // the checker did branch
}

TEST_CASE("an onlooker's size never exceeds the capacity", "[ring][interleavings]") {
  const Explorer explorer = explore({.capacity = 1, .pushes = {1, 1}, .pops = {1, 1}}, {}, true);
  INFO(explorer.first_violation());
  REQUIRE(explorer.violations() == 0);
}

TEST_CASE("each of the four memory orders is needed, and the checker knows",
          "[ring][interleavings]") {
  for (const int variable : {0, 1}) {  // head_, tail_
    for (const bool loads : {false, true}) {
      std::uint64_t violations = 0;
      for (const Program& program : kPrograms) {
        violations += explore(program, {.variable = variable, .loads = loads}).violations();
      }
      INFO("variable " << variable << (loads ? " loads" : " stores"));
      REQUIRE(violations > 0);
    }
  }
}

#endif
