#include "embeddings.h"

#include <cstring>
#include <fstream>

#include "dynamic-library.h"
#include "errors.h"

namespace foretoken {

std::vector<float> readTokenEmbeddings(const Api& api, const ModelCore& model,
                                       const std::vector<int32_t>& ids) {
    const EmbeddingTable& table = model.summary.embeddings;
    if (!table.present) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "The model file (the first, if split) holds no token embeddings.");
    }
    const ggml_to_float_t toFloat = api.ggml_get_type_traits(table.type)->to_float;
    if (toFloat == nullptr && table.type != GGML_TYPE_F32) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "The token embeddings have a type that cannot be converted.");
    }
    const size_t rowBytes = api.ggml_row_size(table.type, table.length);
    const auto length = static_cast<size_t>(table.length);
    std::ifstream file(pathFromUtf8(model.path), std::ios::binary);
    std::vector<char> row(rowBytes);
    std::vector<float> values(ids.size() * length);
    for (size_t index = 0; index < ids.size(); ++index) {
        if (ids[index] >= table.rows) {
            throw NativeFailure(ErrorCode::InvalidArgument, "A token has no embedding.");
        }
        file.seekg(static_cast<std::streamoff>(table.offset + rowBytes * ids[index]));
        file.read(row.data(), static_cast<std::streamsize>(rowBytes));
        if (!file) {
            throw NativeFailure(ErrorCode::ModelUnreadable,
                                model.path + " changed or vanished since it was loaded.");
        }
        float* target = values.data() + index * length;
        if (toFloat != nullptr) {
            toFloat(row.data(), target, table.length);
        } else {
            std::memcpy(target, row.data(), rowBytes);
        }
    }
    return values;
}

}  // namespace foretoken
