// What goes into a GGUF file, as JavaScript hands it over.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace foretoken {

using GgufValue =
    std::variant<std::string, uint32_t, float, bool, std::vector<std::string>, std::vector<float>>;

struct GgufTensor {
    std::string name;
    std::vector<int64_t> shape;  // 1 to 4 lengths, the fastest-running first
    std::vector<float> data;
};

struct GgufContent {
    std::vector<std::pair<std::string, GgufValue>> metadata;
    std::vector<GgufTensor> tensors;
};

/// Throws invalid-argument, also for what ggml would answer by ending the process: names that are
/// empty or repeated, shapes that do not fit the data.
GgufContent parseGgufContent(const Napi::Value& metadata, const Napi::Value& tensors);

}  // namespace foretoken
