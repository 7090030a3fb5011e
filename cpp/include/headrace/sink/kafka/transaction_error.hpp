// What an error of producing means where records are written in transactions.
//
// Thread contract: pure.
// Cost: a look at a number.
//
//   if (!status) return of_transaction(status.error());
#pragma once

#include <headrace/base/error.hpp>

namespace headrace::sink {

// Retriable: all but what no producer will ever get in; kFenced where another one is newer.
[[nodiscard]] base::Error of_transaction(base::Error error);

}  // namespace headrace::sink
