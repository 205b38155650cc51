// The model's own pass over a window of text, by llama.cpp: what it predicts after each token (the
// teacher), and the keys and values that prompt rows will look at, as constants.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "trainer-attention.h"
#include "trainer-backend.h"

namespace foretoken {

/// Keys and values of a window in every layer.
class KeptWindow {
  public:
    KeptWindow(const Api& api, const TransformerShape& shape, int64_t windowLength,
               TrainerBackend& backend);

    const std::vector<KeptText>& layers() const { return layers_; }
    /// Of the tensors, and of the half as large copy that they are filled from.
    uint64_t bytes() const { return api_.ggml_backend_buffer_get_size(buffer_.get()) * 3 / 2; }

    /// `values`: headLength x kvHeads x count, of the positions from `first` on. Rounds them in
    /// place to what llama.cpp's cache keeps.
    void put(size_t layer, bool keys, int64_t first, std::vector<float>& values);

    /// Hands over what was put since.
    void upload();

  private:
    void upload(ggml_tensor* along, ggml_tensor* across, const std::vector<float>& values);

    const Api& api_;
    const TransformerShape& shape_;
    int64_t length_;
    GgmlContext context_;
    GgmlBuffer buffer_;
    std::vector<KeptText> layers_;
    std::vector<std::vector<float>> keys_;  // by layer: headLength x length x kvHeads
    std::vector<std::vector<float>> values_;
    std::vector<ggml_fp16_t> rounded_;
    std::vector<float> turned_;
};

class Teacher {
  public:
    /// Throws out-of-memory, model-unsupported, invalid-argument.
    Teacher(const Api& api, const ModelCore& model, const TransformerShape& shape,
            int64_t windowLength, int32_t threads, const std::atomic<bool>& cancelled);
    Teacher(const Teacher&) = delete;
    Teacher& operator=(const Teacher&) = delete;

    uint64_t memoryBytes() const { return memoryBytes_; }

    /// Calls `onRow` with the logits at each position. False when cancelled. Throws.
    bool read(const std::vector<int32_t>& tokens, KeptWindow& kept,
              const std::function<void(size_t position, const float* logits)>& onRow);

  private:
    bool decodeChunk(const std::vector<int32_t>& tokens, size_t first, size_t count);
    bool onNode(ggml_tensor* node, bool ask);

    const Api& api_;
    const TransformerShape& shape_;
    const std::atomic<bool>& cancelled_;
    size_t chunk_;
    std::unique_ptr<llama_context, decltype(&::llama_free)> context_;
    uint64_t memoryBytes_ = 0;

    // While a chunk is decoded.
    KeptWindow* kept_ = nullptr;
    int64_t first_ = 0;
    int64_t count_ = 0;
    std::vector<bool> seen_;  // by layer: keys, values
    std::vector<float> values_;
};

}  // namespace foretoken
