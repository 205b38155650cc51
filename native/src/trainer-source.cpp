#include "trainer-source.h"

#include <cstring>

#include "dynamic-library.h"
#include "errors.h"
#include "trainer-shape.h"

namespace foretoken {

TensorSource::TensorSource(const Api& api, const GgufFile& file, const std::string& path)
    : api_(api), file_(file), path_(path), stream_(pathFromUtf8(path), std::ios::binary) {}

std::optional<SourceTensor> TensorSource::find(const std::string& name) {
    const int64_t index = api_.gguf_find_tensor(file_.get(), name.c_str());
    if (index < 0) return std::nullopt;
    used_.insert(name);
    const int64_t* lengths = api_.gguf_get_tensor_ne(file_.get(), index);
    SourceTensor tensor{
        name, api_.gguf_get_tensor_type(file_.get(), index), lengths[0], lengths[1],
        api_.gguf_get_data_offset(file_.get()) + api_.gguf_get_tensor_offset(file_.get(), index)};
    if (tensor.type != GGML_TYPE_F32 &&
        api_.ggml_get_type_traits(tensor.type)->to_float == nullptr) {
        untrainable("its tensor " + name + " has a type that cannot be converted");
    }
    if (lengths[2] != 1 || lengths[3] != 1) untrainable("its tensor " + name + " is no matrix");
    return tensor;
}

std::optional<std::string> TensorSource::unused() const {
    const int64_t count = api_.gguf_get_n_tensors(file_.get());
    for (int64_t index = 0; index < count; ++index) {
        const std::string name = api_.gguf_get_tensor_name(file_.get(), index);
        if (used_.count(name) == 0) return name;
    }
    return std::nullopt;
}

const char* TensorSource::raw(const SourceTensor& tensor, int64_t first, int64_t count) {
    const size_t rowBytes = api_.ggml_row_size(tensor.type, tensor.rowLength);
    buffer_.resize(rowBytes * static_cast<size_t>(count));
    stream_.seekg(
        static_cast<std::streamoff>(tensor.offset + rowBytes * static_cast<uint64_t>(first)));
    stream_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    if (!stream_) {
        throw NativeFailure(ErrorCode::ModelUnreadable,
                            path_ + " changed or vanished since it was loaded.");
    }
    return buffer_.data();
}

void TensorSource::floats(const SourceTensor& tensor, int64_t first, int64_t count, float* target) {
    const char* rows = raw(tensor, first, count);
    const auto values = static_cast<size_t>(count * tensor.rowLength);
    if (tensor.type == GGML_TYPE_F32) {
        std::memcpy(target, rows, values * sizeof(float));
    } else {
        api_.ggml_get_type_traits(tensor.type)
            ->to_float(rows, target, static_cast<int64_t>(values));
    }
}

}  // namespace foretoken
