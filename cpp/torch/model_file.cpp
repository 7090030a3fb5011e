#include "model_file.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace headrace::torchscript {
namespace {

// Zip's records, from its specification (APPNOTE.TXT, 4.3.12 and 4.3.16).
constexpr std::string_view kLocalHeader("PK\x03\x04", 4);
constexpr std::string_view kCentralEntry("PK\x01\x02", 4);
constexpr std::string_view kEndOfDirectory("PK\x05\x06", 4);
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEntrySize = 46;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint32_t kInZip64 = 0xFFFFFFFF;

constexpr std::string_view kAdvice =
    "; save one with torch.jit.script(model).save(path) or torch.jit.trace(model, x).save(path)";

template <class T>
T read_at(const std::string& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string read_range(std::ifstream& file, std::uint64_t at, std::uint64_t size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(at));
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

// Names of the archive's entries. `intact` says whether the directory was found and complete.
struct Directory {
  bool intact = false;
  bool elsewhere = false;  // zip64: torch may judge
  std::vector<std::string> names;
};

Directory read_directory(std::ifstream& file, std::uint64_t size) {
  Directory directory;
  const std::uint64_t tail_size = std::min<std::uint64_t>(size, kLongestComment + kEndSize);
  const std::string tail = read_range(file, size - tail_size, tail_size);
  const std::size_t end = tail.rfind(kEndOfDirectory);
  if (end == std::string::npos || tail.size() - end < kEndSize) return directory;
  const auto bytes = read_at<std::uint32_t>(tail, end + 12);
  const auto start = read_at<std::uint32_t>(tail, end + 16);
  if (bytes == kInZip64 || start == kInZip64) {
    directory.intact = directory.elsewhere = true;
    return directory;
  }
  const std::string entries = read_range(file, start, bytes);
  if (entries.size() != bytes) return directory;
  for (std::size_t at = 0; at < entries.size();) {
    if (entries.compare(at, kCentralEntry.size(), kCentralEntry) != 0) return directory;
    if (entries.size() - at < kEntrySize) return directory;
    const std::size_t name = read_at<std::uint16_t>(entries, at + 28);
    const std::size_t extra = read_at<std::uint16_t>(entries, at + 30);
    const std::size_t comment = read_at<std::uint16_t>(entries, at + 32);
    if (entries.size() - at < kEntrySize + name) return directory;
    directory.names.push_back(entries.substr(at + kEntrySize, name));
    at += kEntrySize + name + extra + comment;
  }
  directory.intact = true;
  return directory;
}

bool any_name(const Directory& directory, std::string_view part) {
  return std::any_of(directory.names.begin(), directory.names.end(),
                     [&](const std::string& name) { return name.find(part) != std::string::npos; });
}

std::optional<std::string> judge_archive(std::ifstream& file, std::uint64_t size) {
  const Directory directory = read_directory(file, size);
  if (!directory.intact) return "the file is cut short: its table of contents is missing";
  if (directory.elsewhere) return std::nullopt;
  if (any_name(directory, "/code/") && any_name(directory, "/constants.pkl")) return std::nullopt;
  if (any_name(directory, "/data.pkl")) {
    return "it was written by torch.save, which stores a pickle, not TorchScript" +
           std::string(kAdvice);
  }
  if (any_name(directory, "archive_format") || any_name(directory, "models/")) {
    return "it was written by torch.export, not TorchScript" + std::string(kAdvice);
  }
  return "it is a zip archive, but not TorchScript" + std::string(kAdvice);
}

}  // namespace

std::optional<std::string> why_not_torchscript(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return "there is no such file";
  if (!std::filesystem::is_regular_file(status)) return "it is not a file";
  const std::uint64_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return "it can't be read (permissions?)";
  if (size == 0) return "the file is empty";
  const std::string head = read_range(file, 0, std::min<std::uint64_t>(size, 4));
  if (head == kLocalHeader) return judge_archive(file, size);
  // Protocol 2 and later begin with this opcode; what older torch.save wrote does too.
  constexpr char kProtocol = '\x80';
  if (head[0] == kProtocol) {
    return "it is a Python pickle, which could run any code when opened" + std::string(kAdvice);
  }
  return "it is not TorchScript" + std::string(kAdvice);
}

}  // namespace headrace::torchscript
