#include "trainer-attention.h"

#include <cmath>

namespace foretoken {

PromptAttention::PromptAttention(const Ops& ops, const TransformerShape& shape,
                                 const RowLayout& layout, const LayerWeights& weights,
                                 const KeptText& kept, ggml_tensor* positions,
                                 ggml_tensor* ropeFactors)
    : ops_(ops),
      shape_(shape),
      layout_(layout),
      weights_(weights),
      positions_(positions),
      ropeFactors_(ropeFactors),
      scale_(1.0F / std::sqrt(static_cast<float>(shape.headLength))) {
    const Lengths along{shape.headLength, layout.text, shape.kvHeads, 1};
    const Lengths across{layout.text, shape.headLength, shape.kvHeads, 1};
    kept_ = {ops.part(kept.keys, along), ops.part(kept.keysTransposed, across),
             ops.part(kept.values, along), ops.part(kept.valuesTransposed, across)};
}

ggml_tensor* PromptAttention::project(const Matrix& matrix, ggml_tensor* bias, ggml_tensor* input,
                                      int64_t heads) const {
    ggml_tensor* product = ops_.product(matrix.forward, input);
    if (bias != nullptr) product = ops_.add(product, bias);
    return ops_.reshape(product, {shape_.headLength, heads, layout_.rows(), 1});
}

ggml_tensor* PromptAttention::rotate(ggml_tensor* a, bool back) const {
    const auto function = back ? ops_.api().ggml_rope_ext_back : ops_.api().ggml_rope_ext;
    return function(ops_.context(), a, positions_, ropeFactors_,
                    static_cast<int>(shape_.headLength), shape_.ropeMode, /*n_ctx_orig=*/0,
                    shape_.ropeBase, shape_.ropeScale, /*ext_factor=*/0.0F, /*attn_factor=*/1.0F,
                    /*beta_fast=*/0.0F, /*beta_slow=*/0.0F);
}

/// headLength x heads x rows to headLength x rows x heads.
ggml_tensor* PromptAttention::byHead(ggml_tensor* a) const {
    return ops_.permute(a, {0, 2, 1, 3});
}

/// Any layout by head back to headLength x heads x rows.
ggml_tensor* PromptAttention::byRow(ggml_tensor* a, int64_t heads) const {
    return ops_.permute(ops_.reshape(a, {shape_.headLength, layout_.rows(), heads, 1}),
                        {0, 2, 1, 3});
}

/// headLength x rows x heads to headLength x count x chains x heads.
ggml_tensor* PromptAttention::byChain(ggml_tensor* a, int64_t heads) const {
    return ops_.reshape(a, {shape_.headLength, layout_.count, layout_.chains, heads});
}

/// The scores over the text: text x rows x heads.
ggml_tensor* PromptAttention::ofText(ggml_tensor* scores) const {
    return ops_.contiguous(ops_.part(scores, {layout_.text, layout_.rows(), shape_.heads, 1}));
}

/// The scores over the row's own chain: count x count x chains x heads.
ggml_tensor* PromptAttention::ofChain(ggml_tensor* scores) const {
    ggml_tensor* part = ops_.contiguous(
        ops_.part(scores, {layout_.count, layout_.rows(), shape_.heads, 1}, layout_.text));
    return ops_.reshape(part, {layout_.count, layout_.count, layout_.chains, shape_.heads});
}

ggml_tensor* PromptAttention::joined(ggml_tensor* ofText, ggml_tensor* ofChain) const {
    return ops_.concat(ofText,
                       ops_.reshape(ofChain, {layout_.count, layout_.rows(), shape_.heads, 1}));
}

/// Sums what the query heads of a group say about the key and value head that they share.
ggml_tensor* PromptAttention::overGroups(ggml_tensor* a) const {
    const int64_t group = shape_.heads / shape_.kvHeads;
    if (group == 1) return a;
    const int64_t values = shape_.headLength * layout_.rows();
    return ops_.sumRepeats(ops_.reshape(a, {values, group, shape_.kvHeads, 1}),
                           {values, 1, shape_.kvHeads, 1});
}

ggml_tensor* PromptAttention::forward(ggml_tensor* input, ggml_tensor* mask) {
    const auto& w = weights_;
    ggml_tensor* query = byHead(rotate(project(w.query, w.queryBias, input, shape_.heads), false));
    ggml_tensor* key = byHead(rotate(project(w.key, w.keyBias, input, shape_.kvHeads), false));
    ggml_tensor* value = byHead(project(w.value, w.valueBias, input, shape_.kvHeads));
    queries_ = byChain(query, shape_.heads);
    keys_ = byChain(key, shape_.kvHeads);
    values_ = byChain(value, shape_.kvHeads);
    ggml_tensor* scores = joined(ops_.product(kept_.keys, query), ops_.product(keys_, queries_));
    weightsOfScores_ =
        ops_.api().ggml_soft_max_ext(ops_.context(), scores, mask, scale_, /*max_bias=*/0.0F);
    ggml_tensor* fromText = ops_.product(kept_.valuesTransposed, ofText(weightsOfScores_));
    ggml_tensor* fromChain = ops_.product(ops_.transpose(values_), ofChain(weightsOfScores_));
    ggml_tensor* mixed = ops_.add(byRow(fromText, shape_.heads), byRow(fromChain, shape_.heads));
    return ops_.product(w.output.forward, ops_.reshape(mixed, {shape_.headLength * shape_.heads,
                                                               layout_.rows(), 1, 1}));
}

ggml_tensor* PromptAttention::backward(ggml_tensor* gradient) const {
    const auto& w = weights_;
    const Lengths rowsOfHeads{shape_.headLength, shape_.heads, layout_.rows(), 1};
    ggml_tensor* mixed =
        byHead(ops_.reshape(ops_.product(w.output.transposed, gradient), rowsOfHeads));
    ggml_tensor* mixedByChain = byChain(mixed, shape_.heads);
    ggml_tensor* scores = ops_.api().ggml_soft_max_ext_back(
        ops_.context(),
        joined(ops_.product(kept_.values, mixed), ops_.product(values_, mixedByChain)),
        weightsOfScores_, scale_, /*max_bias=*/0.0F);
    ggml_tensor* scoresOfChain = ofChain(scores);
    // Products along the queries of a chain, hence of transposed operands.
    ggml_tensor* value = overGroups(
        ops_.product(ops_.transpose(mixedByChain), ops_.transpose(ofChain(weightsOfScores_))));
    ggml_tensor* key =
        overGroups(ops_.product(ops_.transpose(queries_), ops_.transpose(scoresOfChain)));
    ggml_tensor* queryOfText = ops_.product(kept_.keysTransposed, ofText(scores));
    ggml_tensor* queryOfChain = ops_.product(ops_.transpose(keys_), scoresOfChain);
    ggml_tensor* query =
        ops_.add(byRow(queryOfText, shape_.heads), byRow(queryOfChain, shape_.heads));
    const auto through = [&](const Matrix& matrix, ggml_tensor* part, int64_t heads) {
        return ops_.product(matrix.transposed,
                            ops_.reshape(part, {shape_.headLength * heads, layout_.rows(), 1, 1}));
    };
    ggml_tensor* sum = through(w.query, rotate(query, true), shape_.heads);
    sum = ops_.add(sum, through(w.key, rotate(byRow(key, shape_.kvHeads), true), shape_.kvHeads));
    return ops_.add(sum, through(w.value, byRow(value, shape_.kvHeads), shape_.kvHeads));
}

}  // namespace foretoken
