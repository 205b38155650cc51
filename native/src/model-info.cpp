#include "model-info.h"

#include "values.h"

namespace foretoken {

static Napi::Object describeFimTokens(Napi::Env env, const FimTokens& tokens) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("prefix", orNull(env, tokens.prefix));
    object.Set("suffix", orNull(env, tokens.suffix));
    object.Set("middle", orNull(env, tokens.middle));
    object.Set("pad", orNull(env, tokens.pad));
    object.Set("repository", orNull(env, tokens.repository));
    object.Set("separator", orNull(env, tokens.separator));
    return object;
}

/// llama.cpp assumes token 11 for byte-level BPE vocabularies that name none.
static std::optional<int32_t> beginOfText(const Api& api, const ModelCore& core) {
    char value[32] = {};
    const bool named = api.llama_model_meta_val_str(core.model.get(), "tokenizer.ggml.bos_token_id",
                                                    value, sizeof(value)) >= 0;
    return named ? core.vocabulary.beginOfTextToken() : std::nullopt;
}

Napi::Object describeModel(Napi::Env env, const Api& api, const ModelCore& core) {
    const llama_model* model = core.model.get();
    const Vocabulary& vocabulary = core.vocabulary;
    char description[256] = {};
    api.llama_model_desc(model, description, sizeof(description));
    const auto number = [env](auto value) {
        return Napi::Number::New(env, static_cast<double>(value));
    };
    Napi::Object info = Napi::Object::New(env);
    info.Set("architecture", core.summary.architecture);
    info.Set("description", Napi::String::New(env, description));
    info.Set("parameterCount", number(api.llama_model_n_params(model)));
    info.Set("sizeBytes", number(api.llama_model_size(model)));
    info.Set("embeddingLength", number(api.llama_model_n_embd(model)));
    info.Set("layerCount", number(api.llama_model_n_layer(model)));
    info.Set("vocabularySize", number(vocabulary.size()));
    info.Set("trainedContextLength", number(api.llama_model_n_ctx_train(model)));
    info.Set("fimTokens", describeFimTokens(env, vocabulary.fimTokens()));
    info.Set("beginOfTextToken", orNull(env, beginOfText(api, core)));
    info.Set("addBeginOfText", Napi::Boolean::New(env, vocabulary.addBeginOfText()));
    info.Set("endOfGenerationTokens", toArray(env, vocabulary.endOfGenerationTokens()));
    info.Freeze();
    return info;
}

}  // namespace foretoken
