#pragma once

#include <string>

#include "api.h"
#include "gguf-content.h"

namespace foretoken {

/// Writes beside `path` first and renames. Throws file-unwritable; what stood at `path` before is
/// untouched then.
void writeGguf(const Api& api, const std::string& path, const GgufContent& content);

}  // namespace foretoken
