#include "gguf-limits.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>

#include "errors.h"

namespace foretoken {

namespace {

constexpr uint32_t kMostLayers = 512;     // LLAMA_MAX_LAYERS
constexpr uint32_t kMostExperts = 1024;   // LLAMA_MAX_EXPERTS
constexpr uint32_t kLeastAlignment = 32;  // bytes; mapped tensors must be aligned so

void require(bool condition, const std::string& what) {
    if (condition) return;
    throw NativeFailure(ErrorCode::ModelUnsupported,
                        "The GGUF file has an impossible " + what + "; it may be damaged.");
}

void checkLayers(const GgufFile& file, const std::string& prefix) {
    const auto layers = file.number(prefix + "block_count");
    if (!layers) return;  // llama.cpp names the missing key
    require(*layers > 0 && *layers <= kMostLayers, "number of layers");
    require(file.number(prefix + "nextn_predict_layers").value_or(0) <= *layers,
            "number of prediction layers");
}

void checkExperts(const GgufFile& file, const std::string& prefix) {
    const uint32_t experts = file.number(prefix + "expert_count").value_or(0);
    const uint32_t groups = file.number(prefix + "expert_group_count").value_or(0);
    const uint32_t groupsUsed = file.number(prefix + "expert_group_used_count").value_or(0);
    uint32_t used = 0;
    for (const uint32_t value : file.numbers(prefix + "expert_used_count")) {
        used = std::max(used, value);
    }
    require(experts <= kMostExperts && used <= experts && (experts == 0 || used > 0),
            "number of experts");
    require(experts == 0 ? groups == 0 : groups < experts, "number of expert groups");
    if (groups > 1) {
        require(experts % groups == 0 && groupsUsed > 0 && groupsUsed < groups,
                "number of expert groups");
    }
}

void checkNumerics(const GgufFile& file, const std::string& prefix) {
    for (const char* key : {"attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon",
                            "attention.group_norm_epsilon"}) {
        const auto epsilon = file.real(prefix + key);
        require(!epsilon || *epsilon >= 0.0F, "normalisation epsilon");  // false for NaN
    }
    static const auto* ropeScalings =
        new std::set<std::string>{"none", "linear", "yarn", "longrope"};
    const auto scaling = file.text(prefix + "rope.scaling.type");
    require(!scaling || ropeScalings->count(*scaling) != 0, "rope scaling");
    require(file.number("general.alignment").value_or(kLeastAlignment) >= kLeastAlignment,
            "alignment");
}

void checkVocabulary(const GgufFile& file) {
    std::unordered_set<std::string_view> seen;
    for (const char* token : file.texts("tokenizer.ggml.tokens")) {
        // llama.cpp gives empty tokens names of their own.
        const std::string_view text(token);
        require(text.empty() || seen.insert(text).second, "vocabulary (a token appears twice)");
    }
}

}  // namespace

void checkLimits(const GgufFile& file, const std::string& architecture) {
    const std::string prefix = architecture + ".";
    checkLayers(file, prefix);
    // These count an expert number of 1 as "no experts".
    if (architecture.rfind("hunyuan", 0) != 0) checkExperts(file, prefix);
    checkNumerics(file, prefix);
    // Its vocabulary repeats texts on purpose and llama.cpp renames them.
    if (file.text("tokenizer.ggml.model") != "hybriddna") checkVocabulary(file);
}

}  // namespace foretoken
