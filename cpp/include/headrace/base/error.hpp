// Errors as values: one code table, one struct, one exception.
//
// Misuse and broken links are errors; a bad record is not (see record/reject.hpp), and neither are
// timeout and end of stream, which are ordinary values of the call that met them.
//
// Thread contract: plain values, no shared state.
// Cost: an Error owns one string; the success path of Result<T> never allocates.
//
//   Result<Schema> schema = parse_schema(text);
//   if (!schema) return schema.error();
//   use(*schema);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace headrace::base {

// Every way in which a call can fail. The Python exception of each code is in kErrorTable, so that
// code and exception come from the same place.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,
  kUnknownColumn,
  kTypeMismatch,
  kUnsupported,
  kSchema,
  kDecode,
  kRecordRejected,
  kKafka,
  kTopicNotFound,
  kBrokerUnavailable,
  kAuthentication,
  kAuthorization,
  kOffsetOutOfRange,
  kModel,
  kCheckpoint,
  kIo,
  kCancelled,
  kInternal,
  kFunction,
  kFenced,
};

struct ErrorInfo {
  ErrorCode code;
  std::string_view name;              // stable, for logs and metrics
  std::string_view python_exception;  // class in headrace.errors
};

inline constexpr std::array<ErrorInfo, 20> kErrorTable{{
    {ErrorCode::kInvalidArgument, "invalid_argument", "InvalidArgument"},
    {ErrorCode::kUnknownColumn, "unknown_column", "UnknownColumn"},
    {ErrorCode::kTypeMismatch, "type_mismatch", "TypeMismatch"},
    {ErrorCode::kUnsupported, "unsupported", "Unsupported"},
    {ErrorCode::kSchema, "schema", "SchemaError"},
    {ErrorCode::kDecode, "decode", "DecodeError"},
    {ErrorCode::kRecordRejected, "record_rejected", "RecordRejected"},
    {ErrorCode::kKafka, "kafka", "KafkaError"},
    {ErrorCode::kTopicNotFound, "topic_not_found", "TopicNotFound"},
    {ErrorCode::kBrokerUnavailable, "broker_unavailable", "BrokerUnavailable"},
    {ErrorCode::kAuthentication, "authentication", "AuthenticationError"},
    {ErrorCode::kAuthorization, "authorization", "AuthorizationError"},
    {ErrorCode::kOffsetOutOfRange, "offset_out_of_range", "OffsetOutOfRange"},
    {ErrorCode::kModel, "model", "ModelError"},
    {ErrorCode::kCheckpoint, "checkpoint", "CheckpointError"},
    {ErrorCode::kIo, "io", "StreamIOError"},
    {ErrorCode::kCancelled, "cancelled", "Cancelled"},
    {ErrorCode::kInternal, "internal", "InternalError"},
    {ErrorCode::kFunction, "function", "FunctionError"},
    {ErrorCode::kFenced, "fenced", "Fenced"},
}};

[[nodiscard]] constexpr const ErrorInfo& info(ErrorCode code) noexcept {
  return kErrorTable[static_cast<std::size_t>(code)];
}

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;     // in the user's words: received value, nearest valid one, what to do
  bool retriable = false;  // the same call may succeed later without the user's help
  int native_code = 0;     // librdkafka's or errno's number where there is one, else 0
};

// Thrown only at construction and at the Python border.
class Exception : public std::runtime_error {
 public:
  explicit Exception(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

// A value or an Error. `*result` and `result.error()` are borrowed: valid while the Result lives.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&state_); }
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  [[nodiscard]] const Error& error() const noexcept { return *std::get_if<1>(&state_); }

  // The value, or the error thrown as Exception: for construction paths.
  T value_or_throw() && {
    if (!has_value()) throw Exception(error());
    return std::move(*std::get_if<0>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const Error& error() const noexcept { return *error_; }
  void throw_if_error() const {
    if (error_) throw Exception(*error_);
  }

 private:
  std::optional<Error> error_;
};

[[nodiscard]] inline Error invalid_argument(std::string message) {
  return Error{.code = ErrorCode::kInvalidArgument, .message = std::move(message)};
}

}  // namespace headrace::base
