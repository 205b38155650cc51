#include "gguf-check.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "dynamic-library.h"
#include "errors.h"
#include "gguf-file.h"
#include "gguf-limits.h"

namespace foretoken {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void unreadable(const std::string& message) {
    throw NativeFailure(ErrorCode::ModelUnreadable, message);
}

[[noreturn]] void unsupported(const std::string& message) {
    throw NativeFailure(ErrorCode::ModelUnsupported, message);
}

/// Architectures without a causal decoder: text encoders, encoder-decoders, audio and diffusion.
const std::set<std::string>& nonGenerativeArchitectures() {
    static const auto* names = new std::set<std::string>{
        "bert",     "modern-bert", "nomic-bert",      "nomic-bert-moe",   "neo-bert",
        "eurobert", "t5",          "jina-bert-v2",    "jina-bert-v3",     "t5encoder",
        "dream",    "llada",       "gemma-embedding", "wavtokenizer-dec", "llada-moe",
        "rnd1",     "llama-embed", "qwen3tts",        "pockettts",        "clip",
        "eagle3",   "dflash",      "gemma4-assistant"};
    return *names;
}

uint64_t checkFile(const std::string& path) {
    const fs::path file = pathFromUtf8(path);
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (!fs::exists(status)) unreadable("There is no file " + path + ".");
    if (!fs::is_regular_file(status)) unreadable(path + " is not a file.");
    std::ifstream stream(file, std::ios::binary);
    if (!stream) unreadable(path + " cannot be read: no permission.");
    char magic[4] = {};
    stream.read(magic, sizeof(magic));
    if (!stream || std::memcmp(magic, "GGUF", sizeof(magic)) != 0) {
        unreadable(path + " is not a GGUF file.");
    }
    return fs::file_size(file, error);
}

void checkTensorsInside(const Api& api, const GgufFile& file, uint64_t fileSize) {
    const uint64_t start = api.gguf_get_data_offset(file.get());
    for (int64_t tensor = 0; tensor < api.gguf_get_n_tensors(file.get()); ++tensor) {
        const uint64_t offset = api.gguf_get_tensor_offset(file.get(), tensor);
        const uint64_t size = api.gguf_get_tensor_size(file.get(), tensor);
        if (start > fileSize || offset > fileSize - start || size > fileSize - start - offset) {
            unreadable("The GGUF file is incomplete: tensor " +
                       std::string(api.gguf_get_tensor_name(file.get(), tensor)) +
                       " reaches beyond the end of the file. Was the download interrupted?");
        }
    }
}

void checkGenerative(const GgufFile& file, const std::string& architecture) {
    const auto pooling = file.number(architecture + ".pooling_type");
    const bool pools = pooling && *pooling != LLAMA_POOLING_TYPE_NONE;
    const bool causal = file.flag(architecture + ".attention.causal").value_or(true);
    if (pools || !causal || nonGenerativeArchitectures().count(architecture) != 0) {
        unsupported("The model (architecture " + architecture +
                    ") computes embeddings or encodes text; it cannot complete code. Use a "
                    "generative code model.");
    }
    const std::string tokenizer = file.text("tokenizer.ggml.model").value_or("none");
    if (tokenizer == "none" || tokenizer == "no_vocab") {
        unsupported("The model file holds no vocabulary.");
    }
}

EmbeddingTable findEmbeddings(const Api& api, const GgufFile& file) {
    const int64_t tensor = api.gguf_find_tensor(file.get(), "token_embd.weight");
    if (tensor < 0) return {};
    const int64_t* shape = api.gguf_get_tensor_ne(file.get(), tensor);
    return {true, api.gguf_get_tensor_type(file.get(), tensor),
            api.gguf_get_data_offset(file.get()) + api.gguf_get_tensor_offset(file.get(), tensor),
            shape[0], shape[1]};
}

}  // namespace

GgufSummary checkGguf(const Api& api, const std::string& path) {
    const uint64_t fileSize = checkFile(path);
    const GgufFile file(api, path);
    checkTensorsInside(api, file, fileSize);
    const auto architecture = file.text("general.architecture");
    if (!architecture) unreadable("The GGUF file does not name the architecture of its model.");
    checkGenerative(file, *architecture);
    checkLimits(file, *architecture);
    return {*architecture, findEmbeddings(api, file)};
}

}  // namespace foretoken
