#include "embeddings.h"

#include <cstring>

#include "dynamic-library.h"
#include "errors.h"

namespace foretoken {

/// Then the cache starts afresh: 8 MB at 1,000 values per row.
constexpr size_t kMostCachedRows = 2048;

EmbeddingReader::EmbeddingReader(const Api& api, const ModelCore& model)
    : table_(model.summary.embeddings), path_(model.path) {
    if (!table_.present) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "The model file (the first, if split) holds no token embeddings.");
    }
    toFloat_ = api.ggml_get_type_traits(table_.type)->to_float;
    if (toFloat_ == nullptr && table_.type != GGML_TYPE_F32) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "The token embeddings have a type that cannot be converted.");
    }
    row_.resize(api.ggml_row_size(table_.type, table_.length));
    file_.open(pathFromUtf8(path_), std::ios::binary);
}

void EmbeddingReader::read(int32_t id, float* target) {
    if (id >= table_.rows) {
        throw NativeFailure(ErrorCode::InvalidArgument, "A token has no embedding.");
    }
    file_.seekg(static_cast<std::streamoff>(table_.offset + row_.size() * static_cast<size_t>(id)));
    file_.read(row_.data(), static_cast<std::streamsize>(row_.size()));
    if (!file_) {
        throw NativeFailure(ErrorCode::ModelUnreadable,
                            path_ + " changed or vanished since it was loaded.");
    }
    if (toFloat_ != nullptr) {
        toFloat_(row_.data(), target, table_.length);
    } else {
        std::memcpy(target, row_.data(), row_.size());
    }
}

const std::vector<float>& EmbeddingCache::row(int32_t id) {
    const auto known = rows_.find(id);
    if (known != rows_.end()) return known->second;
    std::vector<float> values(length());
    reader_.read(id, values.data());
    if (rows_.size() >= kMostCachedRows) rows_.clear();
    return rows_.emplace(id, std::move(values)).first->second;
}

std::vector<float> readTokenEmbeddings(const Api& api, const ModelCore& model,
                                       const std::vector<int32_t>& ids) {
    EmbeddingReader reader(api, model);
    std::vector<float> values(ids.size() * reader.length());
    for (size_t index = 0; index < ids.size(); ++index) {
        reader.read(ids[index], values.data() + index * reader.length());
    }
    return values;
}

}  // namespace foretoken
