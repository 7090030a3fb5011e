// Is this a TorchScript file? Answered from the file's own structure, before torch sees a byte of
// it.
//
// Torch's loader answers a wrong file with internals of its zip reader, and given a pickle it may
// run what is inside. Here a pickle is recognised and never opened.
//
// Thread contract: pure functions of the file's content.
// Cost: reads the file's ends, not its weights.
//
//   if (std::optional<std::string> why = why_not_torchscript("model.pt")) refuse(*why);
#pragma once

#include <optional>
#include <string>

namespace headrace::torchscript {

// A sentence that says what is wrong, or nothing where it looks like TorchScript.
[[nodiscard]] std::optional<std::string> why_not_torchscript(const std::string& path);

}  // namespace headrace::torchscript
