// One step of training as a ggml graph: the model's forward pass over the prompt rows, the loss,
// and its derivative by the prompt rows, all with forward operations (ggml's own differentiation
// lacks some, and multiplies through weights slowly).
#pragma once

#include <vector>

#include "trainer-attention.h"

namespace foretoken {

struct GraphShape {
    int64_t text;
    int64_t insertions;
    int64_t count;     // m
    int64_t ensemble;  // E

    bool operator==(const GraphShape& other) const {
        return text == other.text && insertions == other.insertions && count == other.count &&
               ensemble == other.ensemble;
    }
};

class TrainerGraph {
  public:
    TrainerGraph(const Api& api, const TransformerShape& shape, const TrainerWeights& weights,
                 const std::vector<KeptText>& kept, const GraphShape& size);
    TrainerGraph(const TrainerGraph&) = delete;
    TrainerGraph& operator=(const TrainerGraph&) = delete;

    /// The most nodes and leaves of a graph.
    static size_t mostNodes(const TransformerShape& shape);

    const GraphShape& size() const { return size_; }
    ggml_cgraph* get() const { return graph_; }

    // Inputs.
    ggml_tensor* prompts = nullptr;     // width x count x ensemble
    ggml_tensor* positions = nullptr;   // of each row
    ggml_tensor* mask = nullptr;        // (text + count) x rows: 0, or -infinity where not seen
    ggml_tensor* teacher = nullptr;     // vocabulary x count x insertions: probabilities
    ggml_tensor* importance = nullptr;  // 1 x count x insertions: what d(loss) is multiplied by

    // Results.
    ggml_tensor* logits = nullptr;    // vocabulary x (count x insertions)
    ggml_tensor* loss = nullptr;      // cross entropy in nats: count x insertions
    ggml_tensor* gradient = nullptr;  // width x count x ensemble

  private:
    struct Block {
        PromptAttention attention;
        ggml_tensor* input;
        ggml_tensor* middle;  // after the attention
        ggml_tensor* gate;
        ggml_tensor* up;
        ggml_tensor* activated;
    };

    ggml_tensor* norm(ggml_tensor* a, ggml_tensor* weight) const;
    ggml_tensor* normBack(ggml_tensor* gradient, ggml_tensor* weight, ggml_tensor* input) const;
    ggml_tensor* forwardBlock(size_t layer, ggml_tensor* input);
    ggml_tensor* backwardBlock(size_t layer, ggml_tensor* gradient) const;
    ggml_tensor* meanOfEnsemble(ggml_tensor* hidden) const;
    ggml_tensor* meanBack(ggml_tensor* gradient) const;
    ggml_tensor* lossAndGradient(ggml_tensor* hidden);
    void inputs();
    void build();

    const TransformerShape& shape_;
    const TrainerWeights& weights_;
    const std::vector<KeptText>& kept_;
    GraphShape size_;
    RowLayout layout_;
    GgmlContext context_;
    Ops ops_;
    std::vector<Block> blocks_;
    ggml_cgraph* graph_ = nullptr;
};

}  // namespace foretoken
