// What is kept beside a committed position: which commit it was, from where the state was computed,
// and what all results up to it come to.
//
// As text, because Kafka keeps text there ("hr1;n=7;from=0;plan=...;digest=..."). A later life
// recognises its own commits by it and can verify that it has computed the same.
//
// Thread contract: plain values.
// Cost: a hundred bytes.
//
//   std::string text = to_text({.commit = 7, .from = 0, .plan = "9f..", .run = "c1.."});
//   std::optional<CommitMark> mark = mark_from(text);   // nothing: somebody else's
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <headrace/pipeline/digest.hpp>

namespace headrace::pipeline {

struct CommitMark {
  std::uint64_t commit = 0;  // counts the commits of the partition
  std::int64_t from = 0;     // first offset that the state depends on
  bool finished = false;     // the run had come to its end: what was held was given out
  bool resting = false;      // the partition was silent: others did not wait for it
  std::string plan;          // fingerprint
  std::string models;        // their versions; empty: none
  std::string run;           // no two runs have it in common
  std::string digest;        // of all results since `from`; empty: not known
};

[[nodiscard]] std::string to_text(const CommitMark& mark);
[[nodiscard]] std::optional<CommitMark> mark_from(std::string_view text);

// Rows and columns in one number, as text.
[[nodiscard]] std::string text_of(const Digest& digest);

}  // namespace headrace::pipeline
