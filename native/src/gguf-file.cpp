#include "gguf-file.h"

#include "errors.h"
#include "log.h"

namespace foretoken {

GgufFile::GgufFile(const Api& api, const std::string& path)
    : api_(api), file_(nullptr, api.gguf_free) {
    const log::LogCapture capture(api);
    file_.reset(api.gguf_init_from_file(path.c_str(), {/*no_alloc=*/true, /*ctx=*/nullptr}));
    if (file_) return;
    const std::string reason = capture.reason();
    throw NativeFailure(ErrorCode::ModelUnreadable, "The GGUF file is damaged or incomplete" +
                                                        (reason.empty() ? "." : ": " + reason));
}

std::optional<int64_t> GgufFile::find(const std::string& key, gguf_type type) const {
    const int64_t index = api_.gguf_find_key(get(), key.c_str());
    if (index < 0 || api_.gguf_get_kv_type(get(), index) != type) return std::nullopt;
    return index;
}

std::optional<std::string> GgufFile::text(const std::string& key) const {
    const auto index = find(key, GGUF_TYPE_STRING);
    if (!index) return std::nullopt;
    return std::string(api_.gguf_get_val_str(get(), *index));
}

std::optional<uint32_t> GgufFile::number(const std::string& key) const {
    const auto index = find(key, GGUF_TYPE_UINT32);
    if (!index) return std::nullopt;
    return api_.gguf_get_val_u32(get(), *index);
}

std::optional<float> GgufFile::real(const std::string& key) const {
    const auto index = find(key, GGUF_TYPE_FLOAT32);
    if (!index) return std::nullopt;
    return api_.gguf_get_val_f32(get(), *index);
}

std::optional<bool> GgufFile::flag(const std::string& key) const {
    const auto index = find(key, GGUF_TYPE_BOOL);
    if (!index) return std::nullopt;
    return api_.gguf_get_val_bool(get(), *index);
}

std::vector<uint32_t> GgufFile::numbers(const std::string& key) const {
    if (const auto single = number(key)) return {*single};
    const auto index = find(key, GGUF_TYPE_ARRAY);
    if (!index) return {};
    const gguf_type type = api_.gguf_get_arr_type(get(), *index);
    if (type != GGUF_TYPE_UINT32 && type != GGUF_TYPE_INT32) return {};
    const auto* data = static_cast<const uint32_t*>(api_.gguf_get_arr_data(get(), *index));
    return std::vector<uint32_t>(data, data + api_.gguf_get_arr_n(get(), *index));
}

std::vector<const char*> GgufFile::texts(const std::string& key) const {
    const auto index = find(key, GGUF_TYPE_ARRAY);
    if (!index || api_.gguf_get_arr_type(get(), *index) != GGUF_TYPE_STRING) return {};
    std::vector<const char*> values(api_.gguf_get_arr_n(get(), *index));
    for (size_t position = 0; position < values.size(); ++position) {
        values[position] = api_.gguf_get_arr_str(get(), *index, position);
    }
    return values;
}

}  // namespace foretoken
