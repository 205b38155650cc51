#include "options.h"

#include <algorithm>

#include "args.h"

namespace foretoken {

// A limit that keeps the products below (tokens x bytes) far from overflow.
constexpr int32_t kMostTokens = 1 << 24;

ModelOptions parseModelOptions(const Napi::Value& value) {
    const Napi::Object object = args::object(value, "options");
    ModelOptions options;
    options.path = args::path(object.Get("path"), "path");
    options.gpuLayers = args::integer(object.Get("gpuLayers"), "gpuLayers", -1, 100000);
    options.useMmap = args::optionalBoolean(object, "useMmap");
    options.vocabularyOnly = args::optionalBoolean(object, "vocabularyOnly").value_or(false);
    const Napi::Value onProgress = object.Get("onProgress");
    if (!onProgress.IsUndefined()) options.onProgress = args::function(onProgress, "onProgress");
    return options;
}

static ggml_type parseKeyType(const Napi::Value& value) {
    const std::string text = value.IsUndefined() ? "f16" : args::string(value, "keyType");
    if (text == "f16") return GGML_TYPE_F16;
    if (text == "q8_0") return GGML_TYPE_Q8_0;
    args::invalid("keyType must be 'f16' or 'q8_0'.");
}

ContextOptions parseContextOptions(const Napi::Value& value) {
    const Napi::Object object = args::object(value, "options");
    const auto integer = [&](const char* key, int32_t least, int32_t most) {
        return args::integer(object.Get(key), key, least, most);
    };
    ContextOptions options;
    options.contextLength = integer("contextLength", 1, kMostTokens);
    options.batchSize = std::min(integer("batchSize", 1, kMostTokens), options.contextLength);
    options.outputRows = options.batchSize;
    if (!object.Get("outputRows").IsUndefined()) {
        options.outputRows = std::min(integer("outputRows", 1, kMostTokens), options.batchSize);
    }
    options.threads = integer("threads", 1, kMostThreads);
    options.batchThreads = integer("batchThreads", 1, kMostThreads);
    options.sequences = integer("sequences", 1, kMostSequences);
    options.beginWithOne = args::optionalBoolean(object, "beginWithOne").value_or(false);
    options.flashAttention = args::boolean(object.Get("flashAttention"), "flashAttention");
    options.keyType = parseKeyType(object.Get("keyType"));
    return options;
}

DecodeRequest parseDecodeRequest(const Napi::Value& value) {
    const Napi::Object object = args::object(value, "batch");
    DecodeRequest request;
    request.tokens = args::int32Array(object.Get("tokens"), "tokens");
    request.sequence = args::integer(object.Get("sequence"), "sequence", 0, kMostSequences - 1);
    request.position = args::integer(object.Get("position"), "position", 0, kMostTokens);
    request.outputs = args::integer(object.Get("outputs"), "outputs", 0, kMostTokens);
    request.topK = args::integer(object.Get("topK"), "topK", 1, kMostCandidates);
    request.normalise = args::optionalBoolean(object, "normalise").value_or(false);
    return request;
}

}  // namespace foretoken
