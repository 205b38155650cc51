// What JavaScript asks for, checked and with defaults applied. Limits that depend on a model or a
// context are checked by those.
#pragma once

#include <ggml.h>
#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace foretoken {

constexpr int32_t kMostSequences = 255;
constexpr int32_t kMostCandidates = 256;
constexpr int32_t kMostThreads = 512;

struct ModelOptions {
    std::string path;
    int32_t gpuLayers = 0;
    std::optional<bool> useMmap;
    bool vocabularyOnly = false;
    Napi::Function onProgress;  // empty unless given
};

struct ContextOptions {
    int32_t contextLength = 0;
    int32_t batchSize = 0;
    int32_t outputRows = 0;
    int32_t threads = 0;
    int32_t batchThreads = 0;
    int32_t sequences = 0;
    bool beginWithOne = false;
    bool flashAttention = false;
    ggml_type keyType = GGML_TYPE_F16;
};

struct DecodeRequest {
    std::vector<int32_t> tokens;
    int32_t sequence = 0;
    int32_t position = 0;
    int32_t outputs = 0;  // of the last tokens
    int32_t topK = 1;
    bool normalise = false;
};

ModelOptions parseModelOptions(const Napi::Value& value);
ContextOptions parseContextOptions(const Napi::Value& value);
DecodeRequest parseDecodeRequest(const Napi::Value& value);

}  // namespace foretoken
