// Named places at which a test can kill the process, delay it, or have a call fail.
//
// Compiled in by the CMake option HEADRACE_FAILPOINTS, else nothing at all. Set by the environment
// variable of the same name when a place is first passed:
//
//   HEADRACE_FAILPOINTS="transaction.after_flush=kill@3;checkpoint.before_fsync=delay:250"
//
// kill@N: SIGKILL at the N-th pass (the first where no number is given); delay:MS: at every pass;
// fail@N: HEADRACE_FAILS is true at the N-th pass (HEADRACE_FAILPOINT cannot fail). A process with
// a malformed variable ends at once: a test that set it must not pass for want of a kill.
//
// Thread contract: any thread.
// Cost: none where compiled out; a lock and a lookup where compiled in.
//
//   HEADRACE_FAILPOINT("transaction.after_flush");
//   if (HEADRACE_FAILS("checkpoint.write")) return io_error("write", EIO);
#pragma once

#ifdef HEADRACE_FAILPOINTS

#include <string>
#include <string_view>
#include <vector>

namespace headrace::base {

// Does what was asked for at this place; true where the call is to fail.
bool pass_failpoint(std::string_view name) noexcept;
// As the environment variable; replaces what was set and counted before. False where the text is
// malformed, and then nothing changes.
[[nodiscard]] bool set_failpoints(const std::string& text);
// The places passed so far, by name.
[[nodiscard]] std::vector<std::string> passed_failpoints();

}  // namespace headrace::base

#define HEADRACE_FAILPOINT(name) static_cast<void>(::headrace::base::pass_failpoint(name))
#define HEADRACE_FAILS(name) ::headrace::base::pass_failpoint(name)

#else

#define HEADRACE_FAILPOINT(name) static_cast<void>(0)
#define HEADRACE_FAILS(name) false

#endif
