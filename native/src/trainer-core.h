// A prompt-token trainer without JavaScript: the gradient of the self-distillation loss.
//
// Threads: used by one thread at a time, as a Decoder is; PromptTrainer (trainer.h) sees to it. The
// one exception is the cancel flag.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "trainer-graph.h"
#include "trainer-teacher.h"

namespace foretoken {

struct TrainerOptions {
    int32_t count = 0;     // m
    int32_t ensemble = 0;  // E
    int32_t windowLength = 0;
    int32_t insertions = 0;  // R
    int32_t threads = 0;
    std::optional<bool> compactWeights;
};

struct GradientRequest {
    std::vector<float> rows;
    std::vector<int32_t> insertions;
    float decay = 0;
};

struct Gradient {
    std::vector<float> lossByDistance;
    std::vector<float> values;
};

using CancelFlag = std::shared_ptr<std::atomic<bool>>;

class TrainerCore {
  public:
    /// Reads the weights and checks itself. Throws model-unsupported, model-unreadable,
    /// out-of-memory; aborted once `cancelled` is set.
    TrainerCore(const Api& api, std::shared_ptr<const ModelCore> model,
                const TrainerOptions& options, CancelFlag cancelled);
    TrainerCore(const TrainerCore&) = delete;
    TrainerCore& operator=(const TrainerCore&) = delete;

    uint64_t memoryBytes() const;
    float selfCheckDifference() const { return selfCheckDifference_; }

    /// Throw invalid-argument.
    void checkTokens(const std::vector<int32_t>& tokens) const;
    void check(const GradientRequest& request) const;

    /// False when cancelled: then there is no window. The tokens must have been checked.
    bool load(const std::vector<int32_t>& tokens);

    /// Nothing when cancelled. The request must have been checked.
    std::optional<Gradient> gradient(const GradientRequest& request);

  private:
    using OnRow = std::function<void(size_t position, const float* logits)>;

    void claimWindow();
    bool readWindow(const std::vector<int32_t>& tokens, const OnRow& onRow);
    void keepPrediction(size_t position, const float* logits);
    GraphShape graphShape(int64_t text, int64_t insertions) const;
    TrainerGraph& graphFor(size_t insertions);
    /// Runs the graph; false when cancelled.
    bool run(TrainerGraph& graph, const GradientRequest& request);
    void setPrompts(const TrainerGraph& graph, const std::vector<float>& rows);
    void setRows(const TrainerGraph& graph, const std::vector<int32_t>& insertions);
    void setOutputs(const TrainerGraph& graph, const GradientRequest& request);
    std::vector<float> valuesOf(const ggml_tensor* tensor) const;
    void set(ggml_tensor* tensor, const void* values);
    Gradient collect(const TrainerGraph& graph, const std::vector<int32_t>& insertions) const;

    void checkItself();
    std::vector<int32_t> sampleWindow() const;
    std::vector<float> rowsOfText(const std::vector<int32_t>& tokens, int32_t insertion) const;
    void compare(const std::vector<float>& own, const std::vector<float>& expected);

    const Api& api_;
    std::shared_ptr<const ModelCore> model_;
    TrainerOptions options_;
    CancelFlag cancelled_;
    TransformerShape shape_;
    TrainerBackend backend_;
    std::optional<TrainerWeights> weights_;
    std::optional<KeptWindow> kept_;
    std::optional<Teacher> teacher_;
    std::unique_ptr<TrainerGraph> graph_;
    float selfCheckDifference_ = 0;

    size_t length_ = 0;                 // of the window; 0 without one
    std::vector<float> predictions_;    // windowLength x vocabulary probabilities
    std::vector<double> negentropies_;  // of the predictions, in nats: sum of p * log(p)
};

}  // namespace foretoken
