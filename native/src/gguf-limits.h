#pragma once

#include <string>

#include "gguf-file.h"

namespace foretoken {

/// Refuses (model-unsupported) values that llama.cpp v0.4.0 answers with GGML_ASSERT, that is, by
/// ending the process. Found by fuzzing every metadata key of a llama and a mamba model; whatever
/// else is wrong with a file, llama.cpp reports by itself.
void checkLimits(const GgufFile& file, const std::string& architecture);

}  // namespace foretoken
