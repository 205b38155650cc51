// Tensors of a GGUF file, row by row: llama.cpp's own copies may lie on a GPU or be repacked.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gguf-file.h"

namespace foretoken {

struct SourceTensor {
    std::string name;
    ggml_type type;
    int64_t rowLength;
    int64_t rows;
    uint64_t offset;  // bytes from the start of the file
};

class TensorSource {
  public:
    /// `file` is the header of the file at `path`.
    TensorSource(const Api& api, const GgufFile& file, const std::string& path);

    /// Notes that the tensor is used. Throws model-unsupported where its type has no conversion or
    /// it has more than two dimensions.
    std::optional<SourceTensor> find(const std::string& name);

    /// The name of a tensor that was never asked for, if there is one.
    std::optional<std::string> unused() const;

    /// Rows as they lie in the file; valid until the next call. Throws model-unreadable.
    const char* raw(const SourceTensor& tensor, int64_t first, int64_t count);

    /// The same as floats.
    void floats(const SourceTensor& tensor, int64_t first, int64_t count, float* target);

  private:
    const Api& api_;
    const GgufFile& file_;
    std::string path_;
    std::ifstream stream_;
    std::set<std::string> used_;
    std::vector<char> buffer_;
};

}  // namespace foretoken
