// A look at a GGUF file before llama.cpp gets it: llama.cpp answers some damaged or foreign files
// by ending the process, and it cannot tell "damaged" from "not supported" apart.
#pragma once

#include <cstdint>
#include <string>

#include "api.h"

namespace foretoken {

/// Where the token embedding matrix lies in the file.
struct EmbeddingTable {
    bool present = false;
    ggml_type type = GGML_TYPE_F32;
    uint64_t offset = 0;  // bytes from the start of the file
    int64_t length = 0;   // values per row
    int64_t rows = 0;
};

struct GgufSummary {
    std::string architecture;
    EmbeddingTable embeddings;
};

/// Throws model-unreadable for a missing, foreign, truncated or damaged file and model-unsupported
/// for one that is no generative language model.
GgufSummary checkGguf(const Api& api, const std::string& path);

}  // namespace foretoken
