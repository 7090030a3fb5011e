// Each error code in answer to each request of a transaction, against a mock broker: what comes of
// the committer and of KafkaTransactions when four records are to get out exactly once.
//
// The mock broker does not isolate: it has positions as committed when they are sent and shows
// records before the transaction ends, so it cannot show what was committed. That is kept by the
// ledger instead, as a broker that isolates would: a transaction counts when its commit was
// answered well. An error that is injected is answered in place of the request being done, so no
// other transaction can have happened. What the mock broker has is looked at all the same: records
// that were committed must be there.
//
// Thread contract: run() uses threads of its own, one for each cell that it runs at once.
// Cost: a second a cell, or `patience` and some seconds more where each answer is an error.
//
//   for (const Report& report : run(cells({"EndTxn"}), 12s, 8)) CHECK(report.fault.empty());
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace headrace::test {

enum class Which : std::uint8_t { kFirst, kSecond, kEvery };

struct MatrixCell {
  std::string request;
  std::int16_t api_key = 0;
  int error = 0;
  Which which = Which::kFirst;
};

enum class End : std::uint8_t {
  kCommitted,  // without a new producer
  kRetried,    // with one
  kFatal,      // an error ended the committer; mended, the next one went on
};

struct Report {
  MatrixCell cell;
  End end = End::kCommitted;
  std::string told;  // to the user, while it was tried again or as it ended; the newest
  std::chrono::milliseconds longest_call{0};
  std::chrono::milliseconds afterwards{0};  // from the last injected error's end to ours
  std::string fault;                        // what must not be; empty: all is well
};

// All cells of the requests named.
[[nodiscard]] std::vector<MatrixCell> cells(std::span<const std::string> requests);
[[nodiscard]] const std::vector<std::string>& requests();

// Where every answer is an error it is so for `patience`.
[[nodiscard]] std::vector<Report> run(std::span<const MatrixCell> cells,
                                      std::chrono::milliseconds patience, unsigned at_once);

// "EndTxn NOT_COORDINATOR second: retried, 0.6 s"
[[nodiscard]] std::string line_of(const Report& report);

}  // namespace headrace::test
