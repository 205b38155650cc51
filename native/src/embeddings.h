// Rows of the token embedding matrix, read from the model file: with a GPU, llama.cpp's own copy
// may lie in device memory, and its repacked CPU layouts cannot be read back.
#pragma once

#include <cstdint>
#include <vector>

#include "model-core.h"

namespace foretoken {

/// ids.size() x summary.embeddings.length values. The ids must have been checked.
std::vector<float> readTokenEmbeddings(const Api& api, const ModelCore& model,
                                       const std::vector<int32_t>& ids);

}  // namespace foretoken
