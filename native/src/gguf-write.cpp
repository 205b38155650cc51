#include "gguf-write.h"

#include <filesystem>
#include <memory>

#include "dynamic-library.h"
#include "errors.h"
#include "log.h"

namespace foretoken {

namespace fs = std::filesystem;

namespace {

/// Sets one metadata value by its type.
struct Setter {
    const Api& api;
    gguf_context* file;
    const char* key;

    void operator()(const std::string& value) const {
        api.gguf_set_val_str(file, key, value.c_str());
    }
    void operator()(uint32_t value) const { api.gguf_set_val_u32(file, key, value); }
    void operator()(float value) const { api.gguf_set_val_f32(file, key, value); }
    void operator()(bool value) const { api.gguf_set_val_bool(file, key, value); }
    void operator()(const std::vector<float>& values) const {
        api.gguf_set_arr_data(file, key, GGUF_TYPE_FLOAT32, values.data(), values.size());
    }
    void operator()(const std::vector<std::string>& values) const {
        std::vector<const char*> texts;
        for (const std::string& value : values) texts.push_back(value.c_str());
        api.gguf_set_arr_str(file, key, texts.data(), texts.size());
    }
};

/// Adds a tensor and returns the bytes it takes in the file.
uint64_t addTensor(const Api& api, gguf_context* file, ggml_context* context,
                   const GgufTensor& tensor) {
    ggml_tensor* added = api.ggml_new_tensor(
        context, GGML_TYPE_F32, static_cast<int>(tensor.shape.size()), tensor.shape.data());
    api.ggml_set_name(added, tensor.name.c_str());
    added->data = const_cast<float*>(tensor.data.data());
    api.gguf_add_tensor(file, added);
    const uint64_t bytes = tensor.data.size() * sizeof(float);
    return GGML_PAD(bytes, GGUF_DEFAULT_ALIGNMENT);
}

void writeFile(const Api& api, const gguf_context* file, const fs::path& target, uint64_t size) {
    const log::LogCapture capture(api);
    const bool written =
        api.gguf_write_to_file(file, target.u8string().c_str(), /*only_meta=*/false);
    std::error_code error;
    // ggml does not look whether closing the file, which flushes it, succeeds.
    if (written && fs::file_size(target, error) == size) return;
    fs::remove(target, error);
    throw NativeFailure(
        ErrorCode::FileUnwritable,
        target.u8string() + " cannot be written. Is the disk full, or the folder read-only?");
}

}  // namespace

void writeGguf(const Api& api, const std::string& path, const GgufContent& content) {
    const std::unique_ptr<gguf_context, decltype(&::gguf_free)> file(api.gguf_init_empty(),
                                                                     api.gguf_free);
    for (const auto& [key, value] : content.metadata) {
        std::visit(Setter{api, file.get(), key.c_str()}, value);
    }
    const size_t overhead = api.ggml_tensor_overhead() * (content.tensors.size() + 1);
    const std::unique_ptr<ggml_context, decltype(&::ggml_free)> context(
        api.ggml_init({overhead, nullptr, /*no_alloc=*/true}), api.ggml_free);
    uint64_t size = 0;
    for (const GgufTensor& tensor : content.tensors) {
        size += addTensor(api, file.get(), context.get(), tensor);
    }
    size += api.gguf_get_meta_size(file.get());
    const fs::path partial = pathFromUtf8(path + ".partial");
    writeFile(api, file.get(), partial, size);
    std::error_code error;
    fs::rename(partial, pathFromUtf8(path), error);
    if (!error) return;
    const std::string reason = error.message();
    fs::remove(partial, error);
    throw NativeFailure(ErrorCode::FileUnwritable, path + " cannot be replaced: " + reason + ".");
}

}  // namespace foretoken
