// The model's weights a second time, for differentiating. Each matrix is there twice, as it is for
// the forward pass and transposed for the backward pass: ggml multiplies along rows, and its outer
// product, which would need no copy, is several times as slow and takes no quantised types.
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "trainer-backend.h"
#include "trainer-shape.h"
#include "trainer-source.h"

namespace foretoken {

struct Matrix {
    ggml_tensor* forward = nullptr;     // input length x output length
    ggml_tensor* transposed = nullptr;  // output length x input length
};

struct LayerWeights {
    ggml_tensor* attentionNorm = nullptr;
    Matrix query, key, value, output;
    // nullptr where the model has none.
    ggml_tensor* queryBias = nullptr;
    ggml_tensor* keyBias = nullptr;
    ggml_tensor* valueBias = nullptr;
    ggml_tensor* feedNorm = nullptr;
    Matrix gate, up, down;
};

struct TrainerWeights {
    GgmlContext context;
    GgmlBuffer buffer;
    std::vector<LayerWeights> layers;
    ggml_tensor* outputNorm = nullptr;
    Matrix head;
    ggml_tensor* ropeFactors = nullptr;  // or nullptr
    /// Whether llama.cpp's matrix products, or these, round what they multiply by to few bits.
    bool quantised = false;
    bool compact = false;
};

/// `compact`: matrices stay as they are in the file, and the transposed ones are BF16, instead of
/// F32 both; by default where F32 would take over 1 GiB. Throws model-unsupported,
/// model-unreadable, out-of-memory; aborted once `cancelled` is set.
TrainerWeights loadWeights(const Api& api, const TransformerShape& shape, TensorSource& source,
                           TrainerBackend& backend, std::optional<bool> compact,
                           const std::atomic<bool>& cancelled);

/// Writes the source's rows into `target`, which has its shape, or the transposed one.
void copyTensor(const Api& api, TensorSource& source, const SourceTensor& from,
                ggml_tensor* target);
void copyTransposed(const Api& api, TensorSource& source, const SourceTensor& from,
                    ggml_tensor* target);

}  // namespace foretoken
