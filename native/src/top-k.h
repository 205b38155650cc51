// Reducing a row of logits to what the engine needs, so that logits never cross into JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>

namespace foretoken {

/// The `count` largest of `logits[0..size)` in falling order; equal logits by rising id. NaN counts
/// as minus infinity. `count` must not exceed `size`.
void selectTopK(const float* logits, size_t size, size_t count, int32_t* ids, float* values);

/// log(sum(exp(logits))); NaN in the row gives an unspecified value.
float logSumExp(const float* logits, size_t size);

}  // namespace foretoken
