// A loaded model without JavaScript: immutable after loading, shared by every thread, freed with
// its last owner (contexts keep theirs alive).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "api.h"
#include "gguf-check.h"
#include "vocabulary.h"

namespace foretoken {

struct LoadRequest {
    std::string path;
    int32_t gpuLayers;  // -1 = all, 0 = no GPU device is touched
    llama_load_mode loadMode;
    bool vocabularyOnly;
};

struct ModelCore {
    std::unique_ptr<llama_model, decltype(&::llama_model_free)> model;
    Vocabulary vocabulary;
    GgufSummary summary;
    std::string path;
    bool vocabularyOnly;
};

/// `progress` gets 0..1 on the loading thread and ends the load by returning false (then throws
/// aborted). Throws model-unreadable, model-unsupported and out-of-memory otherwise.
std::shared_ptr<const ModelCore> loadModelCore(const Api& api, const LoadRequest& request,
                                               const std::function<bool(float)>& progress);

/// Whether the words of llama.cpp's log speak of an allocation that failed.
bool soundsLikeOutOfMemory(const std::string& reason);

}  // namespace foretoken
