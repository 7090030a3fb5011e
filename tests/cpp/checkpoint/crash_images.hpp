// Every directory that a power cut may leave behind, from the calls that were made before it.
//
// The model is that of ALICE (Pillai et al., OSDI 2014) with what POSIX allows and no more
// promises: data that was not synced may be there, not there, in part, or in another order, with
// zeros where it is missing; entries of a directory (made, renamed, removed) that was not synced
// may have happened or not, each by itself. A rename is atomic.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "checkpoint/support.hpp"

namespace headrace::test {

struct Write {
  std::size_t offset = 0;
  std::string bytes;
};

struct Inode {
  std::string synced;
  std::vector<Write> pending;
};

// Made, removed, or moved: where `name` of `directory` points from now on.
struct EntryChange {
  std::string directory;
  std::string name;      // appears, if there is an inode or a directory for it, else disappears
  std::string vanished;  // a renamed one's former name
  int inode = kGone;
  static constexpr int kGone = -1;
  static constexpr int kDirectory = -2;
};

// Files and directories by path.
struct Image {
  std::map<std::string, std::string> files;
  std::set<std::string> directories;
  auto operator<=>(const Image&) const = default;
};

class Disk {
 public:
  // `root` is there from the beginning.
  explicit Disk(std::string root) : root_(std::move(root)) {}

  // One line of the shim's log; others are passed over.
  void apply(const std::string& line) {
    std::istringstream words(line);
    std::string call;
    std::string first;
    std::string second;
    std::string third;
    words >> call >> first >> second >> third;
    if (call == "open" || call == "create") open(call == "create", first, second);
    if (call == "write") write(first, second, third);
    if (call == "fsync") sync(first);
    if (call == "mkdir") change(first, EntryChange::kDirectory);
    if (call == "unlink") change(first, EntryChange::kGone);
    if (call == "rename") rename(first, second);
  }

  // Calls `see` with each image; the same one may come more than once.
  void for_each_image(const std::function<void(const Image&)>& see) const {
    const std::uint64_t subsets = std::uint64_t{1} << changes_.size();
    for (std::uint64_t happened = 0; happened < subsets; ++happened) {
      std::map<std::string, int> entries = entries_;
      for (std::size_t i = 0; i < changes_.size(); ++i) {
        if (((happened >> i) & 1U) != 0) enact(changes_[i], entries);
      }
      see_contents(entries, see);
    }
  }

 private:
  static std::string directory_of(const std::string& path) {
    return fs::path(path).parent_path().string();
  }
  static void enact(const EntryChange& change, std::map<std::string, int>& entries) {
    if (!change.vanished.empty()) entries.erase(change.vanished);
    if (change.inode == EntryChange::kGone) {
      entries.erase(change.name);
    } else {
      entries[change.name] = change.inode;
    }
  }

  void open(bool made, const std::string& fd, const std::string& path) {
    if (made) {
      inodes_.emplace_back();
      change(path, static_cast<int>(inodes_.size()) - 1);
    }
    const auto known = now_.find(path);
    open_[fd] = {path, known == now_.end() ? EntryChange::kDirectory : known->second};
  }
  void write(const std::string& fd, const std::string& offset, const std::string& digits) {
    Write made{.offset = std::stoull(offset), .bytes = {}};
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      unsigned value = 0;
      std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
      made.bytes += static_cast<char>(value);
    }
    inodes_.at(static_cast<std::size_t>(open_.at(fd).inode)).pending.push_back(std::move(made));
  }
  void sync(const std::string& fd) {
    const Opened& what = open_.at(fd);
    if (what.inode >= 0) {
      Inode& inode = inodes_.at(static_cast<std::size_t>(what.inode));
      inode.synced = content(inode, ~std::uint64_t{0});
      inode.pending.clear();
      return;
    }
    std::erase_if(changes_, [&](const EntryChange& made) {
      if (made.directory != what.path) return false;
      enact(made, entries_);
      return true;
    });
  }
  void change(const std::string& path, int inode) {
    changes_.push_back(
        {.directory = directory_of(path), .name = path, .vanished = {}, .inode = inode});
    enact(changes_.back(), now_);
  }
  void rename(const std::string& from, const std::string& to) {
    changes_.push_back(
        {.directory = directory_of(to), .name = to, .vanished = from, .inode = now_.at(from)});
    enact(changes_.back(), now_);
  }

  // What is in a file of whose pending writes only those of the mask happened.
  static std::string content(const Inode& inode, std::uint64_t mask) {
    std::string bytes = inode.synced;
    for (std::size_t i = 0; i < inode.pending.size(); ++i) {
      if (((mask >> i) & 1U) == 0) continue;
      const Write& made = inode.pending[i];
      bytes.resize(std::max(bytes.size(), made.offset + made.bytes.size()));
      bytes.replace(made.offset, made.bytes.size(), made.bytes);
    }
    return bytes;
  }
  static std::set<std::string> contents(const Inode& inode) {
    std::set<std::string> found;
    const std::string whole = content(inode, ~std::uint64_t{0});
    for (std::uint64_t mask = 0; mask < (std::uint64_t{1} << inode.pending.size()); ++mask) {
      std::string bytes = content(inode, mask);
      std::string stretched = bytes;  // the length was written, the data not
      stretched.resize(std::max(bytes.size(), whole.size()));
      for (std::size_t cut = 0; cut < bytes.size(); cut += 97) found.insert(bytes.substr(0, cut));
      found.insert(std::move(bytes));
      found.insert(std::move(stretched));
    }
    return found;
  }

  // Files with pending writes vary one at a time: the writer has no more than one.
  void see_contents(const std::map<std::string, int>& entries,
                    const std::function<void(const Image&)>& see) const {
    Image image;
    std::vector<std::pair<std::string, const Inode*>> open;
    for (const auto& [path, inode] : entries) {
      if (!reachable(path, entries)) continue;
      if (inode == EntryChange::kDirectory) {
        image.directories.insert(path);
        continue;
      }
      const Inode& file = inodes_[static_cast<std::size_t>(inode)];
      image.files[path] = file.synced;
      if (!file.pending.empty()) open.emplace_back(path, &file);
    }
    see(image);
    for (const auto& [path, inode] : open) {
      for (const std::string& bytes : contents(*inode)) {
        image.files[path] = bytes;
        see(image);
      }
      image.files[path] = inode->synced;
    }
  }
  [[nodiscard]] bool reachable(const std::string& path,
                               const std::map<std::string, int>& entries) const {
    const std::string above = directory_of(path);
    return above == root_ || (entries.contains(above) && reachable(above, entries));
  }

  struct Opened {
    std::string path;
    int inode = EntryChange::kDirectory;
  };
  std::string root_;
  std::vector<Inode> inodes_;
  std::map<std::string, Opened> open_;  // by descriptor
  std::map<std::string, int> now_;      // entries as programs see them
  std::map<std::string, int> entries_;  // as they are on the disk for certain
  std::vector<EntryChange> changes_;    // and what may have happened to them
};

}  // namespace headrace::test
