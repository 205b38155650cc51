// Tensors of a file into tensors of the trainer, some rows at a time, so that no large matrix is
// ever there in floats as a whole when it is kept in fewer bits.
#include <algorithm>
#include <cstring>

#include "trainer-weights.h"

namespace foretoken {

namespace {

constexpr int64_t kRowsAtOnce = 32;

template <typename Visit>
void forRows(const SourceTensor& tensor, Visit visit) {
    for (int64_t first = 0; first < tensor.rows; first += kRowsAtOnce) {
        visit(first, std::min(kRowsAtOnce, tensor.rows - first));
    }
}

}  // namespace

void copyTensor(const Api& api, TensorSource& source, const SourceTensor& from,
                ggml_tensor* target) {
    std::vector<float> floats(static_cast<size_t>(kRowsAtOnce * from.rowLength));
    const size_t rowBytes = api.ggml_row_size(target->type, from.rowLength);
    forRows(from, [&](int64_t first, int64_t count) {
        const void* rows = floats.data();
        if (target->type == from.type) {
            rows = source.raw(from, first, count);
        } else {
            source.floats(from, first, count, floats.data());
        }
        api.ggml_backend_tensor_set(target, rows, rowBytes * static_cast<size_t>(first),
                                    rowBytes * static_cast<size_t>(count));
    });
}

void copyTransposed(const Api& api, TensorSource& source, const SourceTensor& from,
                    ggml_tensor* target) {
    std::vector<float> floats(static_cast<size_t>(kRowsAtOnce * from.rowLength));
    std::vector<float> column(kRowsAtOnce);
    std::vector<char> turned(api.ggml_nbytes(target));
    const size_t valueBytes = api.ggml_row_size(target->type, 1);
    forRows(from, [&](int64_t first, int64_t count) {
        source.floats(from, first, count, floats.data());
        for (int64_t index = 0; index < from.rowLength; ++index) {
            for (int64_t row = 0; row < count; ++row) {
                column[static_cast<size_t>(row)] =
                    floats[static_cast<size_t>(row * from.rowLength + index)];
            }
            char* place =
                turned.data() + static_cast<size_t>(index * from.rows + first) * valueBytes;
            if (target->type == GGML_TYPE_F32) {
                std::memcpy(place, column.data(), static_cast<size_t>(count) * sizeof(float));
            } else {
                api.ggml_fp32_to_bf16_row(column.data(), reinterpret_cast<ggml_bf16_t*>(place),
                                          count);
            }
        }
    });
    api.ggml_backend_tensor_set(target, turned.data(), 0, turned.size());
}

}  // namespace foretoken
