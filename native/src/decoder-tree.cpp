// The part of Decoder that verifies trees of candidates.
#include <algorithm>

#include "decoder.h"
#include "errors.h"

namespace foretoken {

static void invalid(const std::string& message) {
    throw NativeFailure(ErrorCode::InvalidArgument, message);
}

/// Architectures whose graph treats embeddings given from outside unlike rows of its own table:
/// they scale or route by token.
static bool embeddingsDiffer(const std::string& architecture) {
    static const char* const kDiffering[] = {"gemma", "cogvlm", "granite", "deepseek4"};
    return std::any_of(std::begin(kDiffering), std::end(kDiffering),
                       [&](const char* prefix) { return architecture.rfind(prefix, 0) == 0; });
}

void Decoder::setPromptEmbeddings(std::vector<float> values) {
    const llama_model* model = model_->model.get();
    const auto length = static_cast<size_t>(api_.llama_model_n_embd(model));
    if (values.size() % length != 0) {
        invalid("rows must be whole rows of " + std::to_string(length) + " values.");
    }
    // M-RoPE wants four positions for an embedding.
    const bool plainRope = api_.llama_model_rope_type(model) == LLAMA_ROPE_TYPE_NORM ||
                           api_.llama_model_rope_type(model) == LLAMA_ROPE_TYPE_NEOX ||
                           api_.llama_model_rope_type(model) == LLAMA_ROPE_TYPE_NONE;
    const auto inputs = static_cast<size_t>(api_.llama_model_n_embd_inp(model));
    if (!plainRope || inputs != length || embeddingsDiffer(model_->summary.architecture)) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "This model does not take embeddings in place of tokens.");
    }
    if (!embeddings_) embeddings_.emplace(api_, *model_);
    if (embeddings_->length() != length) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "The token embeddings are not as long as the model's states.");
    }
    promptEmbeddings_ = std::move(values);
}

void Decoder::check(const TreeRequest& request) const {
    if (!supportsTrees()) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "This model's memory cannot hold a tree of candidates.");
    }
    const auto length = static_cast<size_t>(api_.llama_model_n_embd(model_->model.get()));
    const auto slots = static_cast<int32_t>(promptEmbeddings_.size() / length);
    checkTree(request, {static_cast<size_t>(options_.batchSize),
                        static_cast<size_t>(options_.outputRows), options_.sequences, slots});
    model_->vocabulary.check(request.plainTokens());
    if (request.topK > model_->vocabulary.size()) {
        invalid("topK must not exceed the vocabulary.");
    }
    if (request.embedded && !embeddings_) invalid("embedded needs setPromptEmbeddings.");
}

std::optional<DecodeRows> Decoder::decodeTree(TreeRequest request) {
    rows_ = 0;
    dropTree();
    const int32_t position = sequenceLength(0);
    if (static_cast<size_t>(position) + request.rows() >
        static_cast<size_t>(options_.contextLength)) {
        throw NativeFailure(ErrorCode::ContextFull,
                            "The context holds " + std::to_string(options_.contextLength) +
                                " tokens; " + std::to_string(position + request.rows()) +
                                " are needed.");
    }
    if (cancelRequested.load(std::memory_order_relaxed)) return std::nullopt;
    if (request.sequenceCount() > 1) branch();
    treeSequences_.prepare(memory(), request.sequenceCount(), position);
    fillTree(request, position);
    llama_batch batch = {};
    batch.n_tokens = static_cast<int32_t>(request.rows());
    if (request.entersAsEmbeddings()) {
        batch.embd = inputs_.data();
    } else {
        batch.token = request.tokens.data();
    }
    batch.pos = positions_.data();
    batch.n_seq_id = request.sequenceCounts.data();
    batch.seq_id = sequenceLists_.data();
    batch.logits = wanted_.data();
    tree_ = PendingTree{std::move(request), position};  // moves no row: pointers stay valid
    if (run(batch, [&] { dropTree(); }) == ChunkOutcome::Cancelled) {
        dropTree();
        return std::nullopt;
    }
    rows_ = static_cast<int32_t>(
        std::count(wanted_.begin(), wanted_.begin() + batch.n_tokens, int8_t{1}));
    return collectTreeRows(tree_->request);
}

/// Fills the arrays of the batch that the request does not hold itself.
void Decoder::fillTree(TreeRequest& request, int32_t position) {
    const std::vector<size_t> starts = request.sequenceStarts();
    const bool asEmbeddings = request.entersAsEmbeddings();
    const size_t length = asEmbeddings ? embeddings_->length() : 0;
    inputs_.resize(request.rows() * length);
    std::fill(wanted_.begin(), wanted_.end(), int8_t{0});
    for (const int32_t row : request.outputs) wanted_[static_cast<size_t>(row)] = 1;
    for (size_t row = 0; row < request.rows(); ++row) {
        positions_[row] = position + request.offsets[row];
        sequenceLists_[row] = request.sequences.data() + starts[row];
        if (!asEmbeddings) continue;
        const int32_t slot = request.slots[row];
        const float* values = slot < 0
                                  ? embeddings_->row(request.tokens[row]).data()
                                  : promptEmbeddings_.data() + static_cast<size_t>(slot) * length;
        std::copy_n(values, length, inputs_.data() + row * length);
    }
}

/// An output is one row, or the mean of several.
DecodeRows Decoder::collectTreeRows(const TreeRequest& request) const {
    const auto vocabulary = static_cast<size_t>(model_->vocabulary.size());
    const float* logits = outputLogits();
    std::vector<const float*> logitsOfRow(request.rows(), nullptr);
    for (size_t row = 0, index = 0; row < request.rows(); ++row) {
        if (wanted_[row] != 0) logitsOfRow[row] = logits + vocabulary * index++;
    }
    const bool single = request.outputCounts.empty();
    const size_t outputs = single ? request.outputs.size() : request.outputCounts.size();
    std::vector<float> mean;
    size_t next = 0;
    const auto logitsOf = [&](size_t output) -> const float* {
        const auto count = single ? size_t{1} : static_cast<size_t>(request.outputCounts[output]);
        const float* first = logitsOfRow[static_cast<size_t>(request.outputs[next++])];
        if (count == 1) return first;
        mean.assign(first, first + vocabulary);
        for (size_t index = 1; index < count; ++index) {
            const float* other = logitsOfRow[static_cast<size_t>(request.outputs[next++])];
            for (size_t id = 0; id < vocabulary; ++id) mean[id] += other[id];
        }
        for (float& value : mean) value /= static_cast<float>(count);
        return mean.data();
    };
    return reduceRows(outputs, static_cast<size_t>(request.topK), request.normalise, logitsOf);
}

void Decoder::dropTree() {
    if (!tree_) return;
    // A GPU may still be computing what is dropped here.
    api_.llama_synchronize(context_.get());
    treeSequences_.cut(memory(), tree_->request.sequenceCount(), tree_->position);
    tree_.reset();
}

void Decoder::keepPath(const std::vector<int32_t>& rows) {
    if (!tree_) invalid("There is no tree to keep a path of.");
    const TreeRequest& request = tree_->request;
    const std::vector<size_t> starts = request.sequenceStarts();
    if (rows.empty()) invalid("path must begin with the root.");
    for (const int32_t row : rows) {
        if (row < 0 || static_cast<size_t>(row) >= request.rows()) {
            invalid("path must hold rows of the tree.");
        }
    }
    const auto begin = [&](int32_t row) {
        return request.sequences.begin() +
               static_cast<std::ptrdiff_t>(starts[static_cast<size_t>(row)]);
    };
    const int32_t winner = *begin(rows.back());
    for (size_t index = 0; index < rows.size(); ++index) {
        const int32_t row = rows[index];
        const auto end = begin(row) + request.sequenceCounts[static_cast<size_t>(row)];
        if (request.offsets[static_cast<size_t>(row)] != static_cast<int32_t>(index) ||
            std::find(begin(row), end, winner) == end) {
            invalid("path must lead from the root along one sequence.");
        }
        if (request.slots[static_cast<size_t>(row)] >= 0) {
            invalid("A prompt token cannot be kept.");
        }
    }
    treeSequences_.keep(memory(), request.sequenceCount(), winner, tree_->position,
                        tree_->position + static_cast<int32_t>(rows.size()));
    tree_.reset();
}

}  // namespace foretoken
