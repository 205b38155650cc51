#include "trainer-shape.h"

#include <set>

#include "errors.h"

namespace foretoken {

void untrainable(const std::string& reason) {
    throw NativeFailure(ErrorCode::ModelUnsupported,
                        "Prompt tokens cannot be trained for this model: " + reason + ".");
}

namespace {

int64_t whole(const GgufFile& file, const std::string& key) {
    const auto value = file.number(key);
    if (!value || *value == 0) untrainable("it has no single " + key);
    return *value;
}

/// Numbers that change the forward pass in a way of their own; neutral values are harmless.
void refuseExtras(const GgufFile& file, const std::string& prefix) {
    for (const char* key : {"attention.scale", "attention.clamp_kqv"}) {
        if (file.real(prefix + key).value_or(0.0F) != 0.0F) untrainable(prefix + key + " is set");
    }
    if (file.real(prefix + "rope.scaling.attn_factor").value_or(1.0F) != 1.0F) {
        untrainable(prefix + "rope.scaling.attn_factor is set");
    }
}

/// llama.cpp's rule: the type is linear unless named; a factor of 0 means none.
float positionScale(const GgufFile& file, const std::string& prefix) {
    const std::string type = file.text(prefix + "rope.scaling.type").value_or("linear");
    if (type == "none") return 1.0F;
    if (type != "linear") untrainable("its rope scaling is of the type " + type);
    const auto factor = file.real(prefix + "rope.scaling.factor");
    const float scale = factor ? *factor : file.real(prefix + "rope.scale_linear").value_or(0.0F);
    return scale == 0.0F ? 1.0F : 1.0F / scale;
}

void checkHeads(const TransformerShape& shape, const GgufFile& file, const std::string& prefix) {
    for (const char* key :
         {"attention.key_length", "attention.value_length", "rope.dimension_count"}) {
        const auto length = file.number(prefix + key);
        if (length && *length != shape.headLength) untrainable("its heads differ in length");
    }
    if (shape.heads % shape.kvHeads != 0 || shape.headLength % 2 != 0) {
        untrainable("its attention heads do not divide evenly");
    }
}

}  // namespace

TransformerShape readShape(const Api& api, const ModelCore& model, const GgufFile& file) {
    static const auto* known = new std::set<std::string>{"llama", "qwen2"};
    const std::string& architecture = model.summary.architecture;
    if (known->count(architecture) == 0) {
        untrainable("its architecture is " + architecture + "; llama and qwen2 are supported");
    }
    const std::string prefix = architecture + ".";
    refuseExtras(file, prefix);
    TransformerShape shape;
    shape.width = whole(file, prefix + "embedding_length");
    shape.layers = whole(file, prefix + "block_count");
    shape.heads = whole(file, prefix + "attention.head_count");
    const bool grouped = !file.numbers(prefix + "attention.head_count_kv").empty();
    shape.kvHeads = grouped ? whole(file, prefix + "attention.head_count_kv") : shape.heads;
    shape.headLength = file.number(prefix + "attention.key_length")
                           .value_or(static_cast<uint32_t>(shape.width / shape.heads));
    shape.vocabulary = model.vocabulary.size();
    const auto epsilon = file.real(prefix + "attention.layer_norm_rms_epsilon");
    if (!epsilon) untrainable("it has no epsilon of its norms");
    shape.normEpsilon = *epsilon;
    shape.ropeMode = static_cast<int>(api.llama_model_rope_type(model.model.get()));
    shape.ropeBase = file.real(prefix + "rope.freq_base").value_or(10000.0F);
    shape.ropeScale = positionScale(file, prefix);
    checkHeads(shape, file, prefix);
    return shape;
}

}  // namespace foretoken
