#include "model_file.hpp"

#include <fstream>
#include <iterator>

#include "catch.hpp"
#include "scripts.hpp"

using headrace::test::TempFile;
using headrace::torchscript::why_not_torchscript;

namespace {

void write(const TempFile& file, const std::string& bytes) {
  std::ofstream(file.path(), std::ios::binary) << bytes;
}

std::string read(const TempFile& file) {
  std::ifstream in(file.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool says(const TempFile& file, const std::string& part) {
  const auto why = why_not_torchscript(file.path());
  INFO(why.value_or("nothing wrong"));
  return why && why->find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what TorchScript writes is accepted; cut anywhere it is cut short or not TorchScript") {
  const TempFile file("whole.pt");
  headrace::test::module_with(headrace::test::kMlp, 2, 3).save(file.path());
  CHECK_FALSE(why_not_torchscript(file.path()));
  const std::string bytes = read(file);
  const TempFile cut("cut.pt");
  for (std::size_t n = 0; n < bytes.size(); n += 37) {
    write(cut, bytes.substr(0, n));
    REQUIRE(why_not_torchscript(cut.path()));
  }
}

TEST_CASE("every other kind of file gets its own sentence") {
  const TempFile file("other");
  CHECK(says(file, "no such file"));
  write(file, "");
  CHECK(says(file, "empty"));
  write(file, "import os");
  CHECK(says(file, "not TorchScript; save one with"));
  write(file, std::string("\x80\x04\x95", 3) + "cos\nsystem\n");
  CHECK(says(file, "pickle"));
  const TempFile folder("folder");
  std::filesystem::create_directory(folder.path());
  CHECK(says(folder, "not a file"));
}

TEST_CASE("an archive of torch.save is told from TorchScript by its entries") {
  const TempFile file("archive.pt");
  headrace::test::module_with(headrace::test::kMlp, 2, 3).save(file.path());
  std::string bytes = read(file);
  // The same archive without code, as torch.save has it: the entries' names decide.
  for (const std::string from : {"/code/", "/constants.pkl"}) {
    for (std::size_t at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at)) {
      bytes[at + 1] = 'X';
    }
  }
  write(file, bytes);
  CHECK(says(file, "torch.save"));
}
