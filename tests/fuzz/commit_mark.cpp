// Commit marks: what is taken for one of ours says the same when it is written and read again.
#include <headrace/pipeline/commit_mark.hpp>

#include "fuzz_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headrace;
  using fuzz::require;
  const std::vector<char> exact(data, data + size);
  const std::string_view text = fuzz::view_of(exact);
  const std::optional<pipeline::CommitMark> mark = pipeline::mark_from(text);
  if (!mark) return 0;
  require(mark->commit > 0, "commits are counted from one", text);
  const std::string written = pipeline::to_text(*mark);
  const std::optional<pipeline::CommitMark> again = pipeline::mark_from(written);
  require(again.has_value(), "what was written is read", text);
  require(again->commit == mark->commit && again->from == mark->from, "same numbers", text);
  require(again->finished == mark->finished && again->resting == mark->resting, "same state", text);
  require(again->plan == mark->plan && again->run == mark->run && again->digest == mark->digest,
          "same texts", text);
  require(pipeline::to_text(*again) == written, "written the same", text);
  return 0;
}
