// Attention of prompt rows: each sees the kept keys and values of the text up to its insertion
// point and, of the prompt rows, its own chain up to itself. The backward pass is the derivative by
// hand.
#pragma once

#include "trainer-ops.h"
#include "trainer-shape.h"
#include "trainer-weights.h"

namespace foretoken {

/// Keys and values of the text in one layer, constants: headLength x text x kvHeads, and the same
/// transposed, text x headLength x kvHeads.
struct KeptText {
    ggml_tensor* keys = nullptr;
    ggml_tensor* keysTransposed = nullptr;
    ggml_tensor* values = nullptr;
    ggml_tensor* valuesTransposed = nullptr;
};

/// Row c * count + i is prompt token i of chain c.
struct RowLayout {
    int64_t text;    // positions of the text that are looked at, the masked ones included
    int64_t count;   // prompt tokens of a chain
    int64_t chains;  // insertions x ensemble
    int64_t rows() const { return count * chains; }
};

class PromptAttention {
  public:
    PromptAttention(const Ops& ops, const TransformerShape& shape, const RowLayout& layout,
                    const LayerWeights& weights, const KeptText& kept, ggml_tensor* positions,
                    ggml_tensor* ropeFactors);

    /// `input`: width x rows, normalised. `mask`: (text + count) x rows. Width x rows.
    ggml_tensor* forward(ggml_tensor* input, ggml_tensor* mask);

    /// d(loss)/d(input) from d(loss)/d(result of `forward`).
    ggml_tensor* backward(ggml_tensor* gradient) const;

  private:
    ggml_tensor* project(const Matrix& matrix, ggml_tensor* bias, ggml_tensor* input,
                         int64_t heads) const;
    ggml_tensor* rotate(ggml_tensor* a, bool back) const;
    ggml_tensor* byHead(ggml_tensor* a) const;
    ggml_tensor* byRow(ggml_tensor* a, int64_t heads) const;
    ggml_tensor* byChain(ggml_tensor* a, int64_t heads) const;
    ggml_tensor* ofText(ggml_tensor* scores) const;
    ggml_tensor* ofChain(ggml_tensor* scores) const;
    ggml_tensor* joined(ggml_tensor* ofText, ggml_tensor* ofChain) const;
    ggml_tensor* overGroups(ggml_tensor* a) const;

    const Ops& ops_;
    const TransformerShape& shape_;
    const RowLayout& layout_;
    const LayerWeights& weights_;
    KeptText kept_;  // cut to layout.text
    ggml_tensor* positions_;
    ggml_tensor* ropeFactors_;
    float scale_;
    // What the backward pass needs of the forward pass, by chain.
    ggml_tensor* queries_ = nullptr;
    ggml_tensor* keys_ = nullptr;
    ggml_tensor* values_ = nullptr;
    ggml_tensor* weightsOfScores_ = nullptr;
};

}  // namespace foretoken
