// Rows of the token embedding matrix, read from the model file: with a GPU, llama.cpp's own copy
// may lie in device memory, and its repacked CPU layouts cannot be read back.
#pragma once

#include <cstdint>
#include <fstream>
#include <unordered_map>
#include <vector>

#include "model-core.h"

namespace foretoken {

/// One thread at a time. Throws model-unsupported where the file holds no rows that can be read.
class EmbeddingReader {
  public:
    EmbeddingReader(const Api& api, const ModelCore& model);

    size_t length() const { return static_cast<size_t>(table_.length); }

    /// Writes the `length()` values of a token's row. The id must have been checked.
    void read(int32_t id, float* target);

  private:
    const EmbeddingTable& table_;
    const std::string& path_;
    ggml_to_float_t toFloat_;
    std::vector<char> row_;  // as it lies in the file
    std::ifstream file_;
};

/// An EmbeddingReader that remembers what it read: candidates come again and again.
class EmbeddingCache {
  public:
    EmbeddingCache(const Api& api, const ModelCore& model) : reader_(api, model) {}

    size_t length() const { return reader_.length(); }
    /// Valid until the next call.
    const std::vector<float>& row(int32_t id);

  private:
    EmbeddingReader reader_;
    std::unordered_map<int32_t, std::vector<float>> rows_;
};

/// ids.size() x summary.embeddings.length values. The ids must have been checked.
std::vector<float> readTokenEmbeddings(const Api& api, const ModelCore& model,
                                       const std::vector<int32_t>& ids);

}  // namespace foretoken
