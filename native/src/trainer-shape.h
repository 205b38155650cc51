// What the prompt-token trainer knows of a model: the numbers of its transformer blocks, and
// whether the trainer's own forward pass reproduces all that llama.cpp does with them.
#pragma once

#include <cstdint>
#include <string>

#include "gguf-file.h"
#include "model-core.h"

namespace foretoken {

/// A decoder of llama blocks: RMS norm, rotary attention with grouped heads, RMS norm, SwiGLU.
struct TransformerShape {
    int64_t width = 0;  // values of an embedding
    int64_t layers = 0;
    int64_t heads = 0;
    int64_t kvHeads = 0;     // divides heads
    int64_t headLength = 0;  // values of a head, all of them rotated
    int64_t vocabulary = 0;
    float normEpsilon = 0;
    int ropeMode = 0;  // GGML_ROPE_TYPE_*
    float ropeBase = 0;
    float ropeScale = 1;  // of positions
};

[[noreturn]] void untrainable(const std::string& reason);

/// Throws model-unsupported for other architectures and for what the forward pass leaves out.
TransformerShape readShape(const Api& api, const ModelCore& model, const GgufFile& file);

}  // namespace foretoken
