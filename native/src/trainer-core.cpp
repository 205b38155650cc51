#include "trainer-core.h"

#include <algorithm>
#include <cmath>

#include "errors.h"

namespace foretoken {

namespace {

/// Windows of about the same length share a graph.
constexpr int64_t kTextStep = 64;

TransformerShape shapeOf(const Api& api, const ModelCore& model) {
    if (model.vocabularyOnly) {
        throw NativeFailure(ErrorCode::InvalidArgument,
                            "The model was loaded with its vocabulary alone.");
    }
    return readShape(api, model, GgufFile(api, model.path));
}

[[noreturn]] void invalid(const std::string& message) {
    throw NativeFailure(ErrorCode::InvalidArgument, message);
}

}  // namespace

TrainerCore::TrainerCore(const Api& api, std::shared_ptr<const ModelCore> model,
                         const TrainerOptions& options, CancelFlag cancelled)
    : api_(api),
      model_(std::move(model)),
      options_(options),
      cancelled_(std::move(cancelled)),
      shape_(shapeOf(api, *model_)),
      backend_(api, options.threads, TrainerGraph::mostNodes(shape_), *cancelled_) {
    claimWindow();
    const GgufFile file(api_, model_->path);
    TensorSource source(api_, file, model_->path);
    weights_ = loadWeights(api_, shape_, source, backend_, options_.compactWeights, *cancelled_);
    kept_.emplace(api_, shape_, options_.windowLength, backend_);
    teacher_.emplace(api_, *model_, shape_, options_.windowLength, options_.threads, *cancelled_);
    predictions_.resize(static_cast<size_t>(options_.windowLength) *
                        static_cast<size_t>(shape_.vocabulary));
    negentropies_.resize(static_cast<size_t>(options_.windowLength));
    backend_.reserve(TrainerGraph(api_, shape_, *weights_, kept_->layers(),
                                  graphShape(options_.windowLength, options_.insertions))
                         .get());
    checkItself();
}

/// The predictions, and keys and values as KeptWindow collects them and as llama.cpp does; what
/// KeptWindow allocates counts itself.
void TrainerCore::claimWindow() {
    const auto perToken = sizeof(float) * static_cast<double>(shape_.vocabulary) +
                          2.0 * (sizeof(float) + sizeof(ggml_fp16_t)) *
                              static_cast<double>(shape_.layers) *
                              static_cast<double>(shape_.kvHeads * shape_.headLength);
    backend_.claim(perToken * options_.windowLength, "so long a window");
}

uint64_t TrainerCore::memoryBytes() const {
    return api_.ggml_backend_buffer_get_size(weights_->buffer.get()) + kept_->bytes() +
           teacher_->memoryBytes() + backend_.bufferBytes() + predictions_.size() * sizeof(float);
}

void TrainerCore::checkTokens(const std::vector<int32_t>& tokens) const {
    const auto most = static_cast<size_t>(options_.windowLength);
    if (tokens.size() < 2 || tokens.size() > most) {
        invalid("tokens must be 2 to " + std::to_string(most) + " ids.");
    }
    model_->vocabulary.check(tokens);
}

void TrainerCore::check(const GradientRequest& request) const {
    if (length_ == 0) invalid("load must have succeeded before gradient.");
    const auto values = static_cast<size_t>(options_.count) *
                        static_cast<size_t>(options_.ensemble) * static_cast<size_t>(shape_.width);
    if (request.rows.size() != values) {
        invalid("rows must hold " + std::to_string(values) + " values.");
    }
    const auto finite = [](float value) { return std::isfinite(value); };
    if (!std::all_of(request.rows.begin(), request.rows.end(), finite)) {
        invalid("rows must be finite.");
    }
    const size_t insertions = request.insertions.size();
    if (insertions < 1 || insertions > static_cast<size_t>(options_.insertions)) {
        invalid("insertions must be 1 to " + std::to_string(options_.insertions) + " indices.");
    }
    const auto limit = static_cast<int64_t>(length_) - options_.count;
    for (const int32_t insertion : request.insertions) {
        if (insertion < 0 || insertion >= limit) {
            invalid("The insertion " + std::to_string(insertion) + " lies outside the window or " +
                    "has fewer than " + std::to_string(options_.count) + " tokens behind it.");
        }
    }
}

bool TrainerCore::load(const std::vector<int32_t>& tokens) {
    return readWindow(tokens, [](size_t, const float*) {});
}

bool TrainerCore::readWindow(const std::vector<int32_t>& tokens, const OnRow& onRow) {
    length_ = 0;
    const bool done = teacher_->read(tokens, *kept_, [&](size_t position, const float* logits) {
        keepPrediction(position, logits);
        onRow(position, logits);
    });
    if (done) length_ = tokens.size();
    return done;
}

void TrainerCore::keepPrediction(size_t position, const float* logits) {
    const auto size = static_cast<size_t>(shape_.vocabulary);
    float* target = predictions_.data() + position * size;
    const float most = *std::max_element(logits, logits + size);
    double sum = 0;
    double expected = 0;  // sum of exp(x) * x, for x = logit - most
    for (size_t index = 0; index < size; ++index) {
        const float shifted = logits[index] - most;
        const float value = std::exp(shifted);
        target[index] = value;
        sum += value;
        if (value > 0) expected += static_cast<double>(value) * shifted;
    }
    const auto scale = static_cast<float>(1 / sum);
    for (size_t index = 0; index < size; ++index) target[index] *= scale;
    negentropies_[position] = expected / sum - std::log(sum);
}

GraphShape TrainerCore::graphShape(int64_t text, int64_t insertions) const {
    return {text, insertions, options_.count, options_.ensemble};
}

TrainerGraph& TrainerCore::graphFor(size_t insertions) {
    const auto length = static_cast<int64_t>(length_);
    const int64_t text =
        std::min<int64_t>((length + kTextStep - 1) / kTextStep * kTextStep, options_.windowLength);
    const GraphShape wanted = graphShape(text, static_cast<int64_t>(insertions));
    if (!graph_ || !(graph_->size() == wanted)) {
        graph_ = std::make_unique<TrainerGraph>(api_, shape_, *weights_, kept_->layers(), wanted);
        backend_.place(graph_->get());
    }
    return *graph_;
}

std::optional<Gradient> TrainerCore::gradient(const GradientRequest& request) {
    TrainerGraph& graph = graphFor(request.insertions.size());
    if (!run(graph, request)) return std::nullopt;
    return collect(graph, request.insertions);
}

bool TrainerCore::run(TrainerGraph& graph, const GradientRequest& request) {
    setPrompts(graph, request.rows);
    setRows(graph, request.insertions);
    setOutputs(graph, request);
    return backend_.compute(graph.get());
}

}  // namespace foretoken
