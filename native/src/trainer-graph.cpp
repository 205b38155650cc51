#include "trainer-graph.h"

namespace foretoken {

namespace {

constexpr size_t kNodesPerLayer = 160;  // about 110, views and all
constexpr size_t kOtherNodes = 64;

}  // namespace

size_t TrainerGraph::mostNodes(const TransformerShape& shape) {
    return kNodesPerLayer * static_cast<size_t>(shape.layers) + kOtherNodes;
}

TrainerGraph::TrainerGraph(const Api& api, const TransformerShape& shape,
                           const TrainerWeights& weights, const std::vector<KeptText>& kept,
                           const GraphShape& size)
    : shape_(shape),
      weights_(weights),
      kept_(kept),
      size_(size),
      layout_{size.text, size.count, size.insertions * size.ensemble},
      context_(makeContext(api, mostNodes(shape),
                           api.ggml_graph_overhead_custom(mostNodes(shape), /*grads=*/false))),
      ops_(api, context_.get()) {
    graph_ = api.ggml_new_graph_custom(context_.get(), mostNodes(shape), /*grads=*/false);
    inputs();
    build();
}

void TrainerGraph::inputs() {
    const int64_t outputs = size_.count * size_.insertions;
    prompts = ops_.input(GGML_TYPE_F32, {shape_.width, size_.count * size_.ensemble, 1, 1});
    positions = ops_.input(GGML_TYPE_I32, {layout_.rows(), 1, 1, 1});
    mask = ops_.input(GGML_TYPE_F32, {layout_.text + layout_.count, layout_.rows(), 1, 1});
    teacher = ops_.input(GGML_TYPE_F32, {shape_.vocabulary, outputs, 1, 1});
    importance = ops_.input(GGML_TYPE_F32, {1, outputs, 1, 1});
}

void TrainerGraph::build() {
    const int64_t values = shape_.width * size_.count * size_.ensemble;
    ggml_tensor* row =
        ops_.repeat(ops_.reshape(prompts, {values, 1, 1, 1}), {values, size_.insertions, 1, 1});
    row = ops_.reshape(row, {shape_.width, layout_.rows(), 1, 1});
    const size_t layers = weights_.layers.size();
    for (size_t layer = 0; layer < layers; ++layer) row = forwardBlock(layer, row);
    row = lossAndGradient(row);
    for (size_t layer = layers; layer-- > 0;) row = backwardBlock(layer, row);
    gradient = ops_.output(
        ops_.sumRepeats(ops_.reshape(row, {values, size_.insertions, 1, 1}), {values, 1, 1, 1}));
    for (ggml_tensor* result : {logits, loss, gradient}) {
        ops_.api().ggml_build_forward_expand(graph_, result);
    }
}

ggml_tensor* TrainerGraph::norm(ggml_tensor* a, ggml_tensor* weight) const {
    return ops_.multiply(ops_.api().ggml_rms_norm(ops_.context(), a, shape_.normEpsilon), weight);
}

ggml_tensor* TrainerGraph::normBack(ggml_tensor* gradient, ggml_tensor* weight,
                                    ggml_tensor* input) const {
    return ops_.api().ggml_rms_norm_back(ops_.context(), ops_.multiply(gradient, weight), input,
                                         shape_.normEpsilon);
}

ggml_tensor* TrainerGraph::forwardBlock(size_t layer, ggml_tensor* input) {
    const LayerWeights& weights = weights_.layers[layer];
    PromptAttention attention(ops_, shape_, layout_, weights, kept_[layer], positions,
                              weights_.ropeFactors);
    ggml_tensor* middle =
        ops_.add(input, attention.forward(norm(input, weights.attentionNorm), mask));
    ggml_tensor* normed = norm(middle, weights.feedNorm);
    ggml_tensor* gate = ops_.product(weights.gate.forward, normed);
    ggml_tensor* up = ops_.product(weights.up.forward, normed);
    ggml_tensor* activated = ops_.api().ggml_silu(ops_.context(), gate);
    blocks_.push_back({attention, input, middle, gate, up, activated});
    return ops_.add(middle, ops_.product(weights.down.forward, ops_.multiply(activated, up)));
}

ggml_tensor* TrainerGraph::backwardBlock(size_t layer, ggml_tensor* gradient) const {
    const LayerWeights& weights = weights_.layers[layer];
    const Block& block = blocks_[layer];
    ggml_tensor* inner = ops_.product(weights.down.transposed, gradient);
    ggml_tensor* up = ops_.multiply(inner, block.activated);
    ggml_tensor* gate =
        ops_.api().ggml_silu_back(ops_.context(), ops_.multiply(inner, block.up), block.gate);
    ggml_tensor* normed = ops_.add(ops_.product(weights.gate.transposed, gate),
                                   ops_.product(weights.up.transposed, up));
    gradient = ops_.add(gradient, normBack(normed, weights.feedNorm, block.middle));
    return ops_.add(
        gradient, normBack(block.attention.backward(gradient), weights.attentionNorm, block.input));
}

/// The head is linear, so the mean of the ensemble's logits is the logits of their mean.
ggml_tensor* TrainerGraph::meanOfEnsemble(ggml_tensor* hidden) const {
    const int64_t values = shape_.width * size_.count;
    ggml_tensor* sum =
        ops_.sumRepeats(ops_.reshape(hidden, {values, size_.ensemble, size_.insertions, 1}),
                        {values, 1, size_.insertions, 1});
    return ops_.reshape(ops_.scale(sum, 1.0F / static_cast<float>(size_.ensemble)),
                        {shape_.width, size_.count * size_.insertions, 1, 1});
}

ggml_tensor* TrainerGraph::meanBack(ggml_tensor* gradient) const {
    const int64_t values = shape_.width * size_.count;
    ggml_tensor* part =
        ops_.reshape(ops_.scale(gradient, 1.0F / static_cast<float>(size_.ensemble)),
                     {values, 1, size_.insertions, 1});
    return ops_.reshape(ops_.repeat(part, {values, size_.ensemble, size_.insertions, 1}),
                        {shape_.width, layout_.rows(), 1, 1});
}

/// Cross entropy = log(sum of exp(logits)) - sum of teacher * logits. The logarithm comes from the
/// softmax at its largest entry, which cannot vanish.
ggml_tensor* TrainerGraph::lossAndGradient(ggml_tensor* hidden) {
    const Api& api = ops_.api();
    ggml_context* context = ops_.context();
    const int64_t outputs = size_.count * size_.insertions;
    ggml_tensor* mean = meanOfEnsemble(norm(hidden, weights_.outputNorm));
    logits = ops_.output(ops_.product(weights_.head.forward, mean));
    ggml_tensor* predicted = api.ggml_soft_max(context, logits);
    ggml_tensor* best = ops_.reshape(api.ggml_argmax(context, predicted), {1, outputs, 1, 1});
    const auto atBest = [&](ggml_tensor* a) {
        return api.ggml_get_rows(context, ops_.reshape(a, {1, shape_.vocabulary, outputs, 1}),
                                 best);
    };
    ggml_tensor* logSum = ops_.subtract(atBest(logits), api.ggml_log(context, atBest(predicted)));
    ggml_tensor* expected = api.ggml_sum_rows(context, ops_.multiply(logits, teacher));
    loss = ops_.output(ops_.subtract(ops_.reshape(logSum, {outputs, 1, 1, 1}),
                                     ops_.reshape(expected, {outputs, 1, 1, 1})));
    ggml_tensor* back = ops_.product(weights_.head.transposed, ops_.subtract(predicted, teacher));
    return normBack(meanBack(ops_.multiply(back, importance)), weights_.outputNorm, hidden);
}

}  // namespace foretoken
