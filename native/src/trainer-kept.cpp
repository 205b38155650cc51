#include <algorithm>

#include "trainer-teacher.h"

namespace foretoken {

KeptWindow::KeptWindow(const Api& api, const TransformerShape& shape, int64_t windowLength,
                       TrainerBackend& backend)
    : api_(api),
      shape_(shape),
      length_(windowLength),
      context_(makeContext(api, 4 * static_cast<size_t>(shape.layers))),
      buffer_(nullptr, api.ggml_backend_buffer_free) {
    const Lengths along{shape.headLength, length_, shape.kvHeads, 1};
    const Lengths across{length_, shape.headLength, shape.kvHeads, 1};
    const auto tensor = [&](const Lengths& lengths) {
        return api_.ggml_new_tensor(context_.get(), GGML_TYPE_F32, 4, lengths.data());
    };
    for (int64_t layer = 0; layer < shape.layers; ++layer) {
        layers_.push_back({tensor(along), tensor(across), tensor(along), tensor(across)});
    }
    buffer_ = backend.allocate(context_.get(), "the keys and values of a window");
    const auto size = static_cast<size_t>(shape.headLength * length_ * shape.kvHeads);
    keys_.assign(layers_.size(), std::vector<float>(size));
    values_ = keys_;
    turned_.resize(size);
}

void KeptWindow::put(size_t layer, bool keys, int64_t first, std::vector<float>& values) {
    const auto size = static_cast<int64_t>(values.size());
    rounded_.resize(values.size());
    api_.ggml_fp32_to_fp16_row(values.data(), rounded_.data(), size);
    api_.ggml_fp16_to_fp32_row(rounded_.data(), values.data(), size);
    std::vector<float>& target = (keys ? keys_ : values_)[layer];
    const int64_t count = size / (shape_.headLength * shape_.kvHeads);
    const float* source = values.data();
    for (int64_t position = first; position < first + count; ++position) {
        for (int64_t head = 0; head < shape_.kvHeads; ++head, source += shape_.headLength) {
            std::copy(source, source + shape_.headLength,
                      target.data() + (head * length_ + position) * shape_.headLength);
        }
    }
}

void KeptWindow::upload() {
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
        upload(layers_[layer].keys, layers_[layer].keysTransposed, keys_[layer]);
        upload(layers_[layer].values, layers_[layer].valuesTransposed, values_[layer]);
    }
}

void KeptWindow::upload(ggml_tensor* along, ggml_tensor* across, const std::vector<float>& values) {
    const int64_t perHead = shape_.headLength * length_;
    for (int64_t head = 0; head < shape_.kvHeads; ++head) {
        const float* source = values.data() + head * perHead;
        float* target = turned_.data() + head * perHead;
        for (int64_t position = 0; position < length_; ++position) {
            for (int64_t index = 0; index < shape_.headLength; ++index) {
                target[index * length_ + position] = *source++;
            }
        }
    }
    const size_t bytes = values.size() * sizeof(float);
    api_.ggml_backend_tensor_set(along, values.data(), 0, bytes);
    api_.ggml_backend_tensor_set(across, turned_.data(), 0, bytes);
}

}  // namespace foretoken
