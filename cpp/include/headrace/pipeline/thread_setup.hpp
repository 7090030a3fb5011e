// How the engine's threads begin and end: named, deaf to signals, and never by an exception.
//
// Thread contract: start_thread by the engine's owner.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include <headrace/pipeline/lifecycle.hpp>

namespace headrace::pipeline {

// Runs `body`; an exception of it fails the run.
void run_guarded(Lifecycle& life, const std::function<void()>& body) noexcept;

// A thread that runs `body`. An exception of `body` fails the run. Signals go to the
// threads of the host program, so that Ctrl-C interrupts Python and not a poll.
[[nodiscard]] std::thread start_thread(const std::string& name, Lifecycle& life,
                                       std::function<void()> body);

}  // namespace headrace::pipeline
