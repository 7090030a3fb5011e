// One run of a job by several workers, with a fault here and there, all of it from one seed.
//
// For some seconds workers are killed, frozen, stopped and started, messages are lost and held, the
// broker restarts, checkpoints spoil; then everything is let go on to its end. Whatever happens,
// the one read_committed reader has to see the results of an undisturbed run: each once, those of a
// partition in their order. The first thing that is not so is the violation.
//
// What it covers: the order of messages and of their effects, between any clients; death and sleep
// at every call and every wait; loss of partitions at every wait. What it does not: threads within
// a process (TSan is for that), and the broker's own replication.
//
// Thread contract: one thread.
// Cost: some milliseconds.
//
//   Outcome outcome = simulate({.seed = 42, .bug = Bug::kNone});
#pragma once

#include <cstdint>
#include <string>

#include "planted.hpp"

namespace headrace::simulation {

struct Order {
  std::uint64_t seed = 0;
  Bug bug = Bug::kNone;
  bool traces = false;
};

struct Outcome {
  std::string violation;  // empty: none
  std::uint64_t events = 0;
  Time time = 0;  // until all was done
  int lives = 0;  // of workers
};

[[nodiscard]] Outcome simulate(const Order& order);

}  // namespace headrace::simulation
