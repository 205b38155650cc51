#include "decoder.h"

#include <algorithm>
#include <cstdlib>

#include "errors.h"
#include "log.h"
#include "top-k.h"

namespace foretoken {

/// Values of a Q8_0 block.
constexpr int kBlock = 32;

static void invalid(const std::string& message) {
    throw NativeFailure(ErrorCode::InvalidArgument, message);
}

llama_context_params Decoder::parameters() {
    llama_context_params params = api_.llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(options_.contextLength);
    params.n_batch = static_cast<uint32_t>(options_.batchSize);
    params.n_ubatch = params.n_batch;
    // With a unified cache every sequence id up to 255 is valid whatever n_seq_max says, while the
    // output buffer holds at least n_seq_max rows. Recurrent states are allocated per sequence.
    params.n_seq_max = recurrent_ ? static_cast<uint32_t>(options_.sequences) : 1;
    params.kv_unified = !oneSequence_;
    params.n_outputs_max = std::max(static_cast<uint32_t>(options_.outputRows), params.n_seq_max);
    params.n_threads = options_.threads;
    params.n_threads_batch = options_.batchThreads;
    params.flash_attn_type =
        options_.flashAttention ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.type_k = options_.keyType;
    params.embeddings = false;
    params.no_perf = true;
    params.abort_callback = [](void* data) {
        return static_cast<Decoder*>(data)->cancelRequested.load(std::memory_order_relaxed);
    };
    params.abort_callback_data = this;
    return params;
}

int Decoder::keyLength() const {
    const llama_model* model = model_->model.get();
    const std::string key = model_->summary.architecture + ".attention.key_length";
    char named[16] = "";
    api_.llama_model_meta_val_str(model, key.c_str(), named, sizeof named);
    if (named[0] != '\0') return std::atoi(named);
    return api_.llama_model_n_embd(model) / std::max(1, api_.llama_model_n_head(model));
}

void Decoder::createContext() {
    if (options_.keyType == GGML_TYPE_Q8_0 && keyLength() % kBlock != 0) {
        // Without flash attention llama.cpp takes them all the same, and multiplies other values.
        options_.keyType = GGML_TYPE_F16;
    }
    const auto create = [this] {
        context_.reset(api_.llama_init_from_model(model_->model.get(), parameters()));
    };
    create();
    if (!context_ && options_.keyType != GGML_TYPE_F16) {
        // Models with latent attention want one type for keys and values.
        options_.keyType = GGML_TYPE_F16;
        create();
    }
}

void Decoder::openContext() {
    const log::LogCapture capture(api_);
    createContext();
    if (!context_ || memory() == nullptr) {
        const std::string reason = capture.reason();
        const bool outOfMemory = soundsLikeOutOfMemory(reason);
        throw NativeFailure(outOfMemory ? ErrorCode::OutOfMemory : ErrorCode::ModelUnsupported,
                            (outOfMemory ? "There is not enough memory for the context"
                                         : "llama.cpp cannot make a context for this model") +
                                (reason.empty() ? "." : ": " + reason));
    }
    memoryBytes_ = capture.bufferBytes();
}

/// Before a batch names another sequence than 0: the text moves into a context that allows it.
void Decoder::branch() {
    if (!oneSequence_) return;
    rows_ = 0;
    std::vector<uint8_t> text(api_.llama_state_seq_get_size(context_.get(), 0));
    const size_t size = api_.llama_state_seq_get_data(context_.get(), text.data(), text.size(), 0);
    auto narrow = std::move(context_);
    oneSequence_ = false;
    try {
        openContext();
        if (api_.llama_state_seq_set_data(context_.get(), text.data(), size, 0) != size) {
            throw NativeFailure(ErrorCode::DecodeFailed,
                                "The text could not be moved to a context of several sequences.");
        }
    } catch (...) {
        context_ = std::move(narrow);
        oneSequence_ = true;
        throw;
    }
}

/// The K/V cache is cleared, hence touched, when it is made: without this check a length that the
/// machine cannot hold would end in the kernel killing the process.
void Decoder::guardMemory() const {
    const llama_model* model = model_->model.get();
    const double bytes = 2.0 * sizeof(ggml_fp16_t) * options_.contextLength *
                         api_.llama_model_n_layer(model) * api_.llama_model_n_head_kv(model) *
                         keyLength();
    double available = 0;
    for (size_t index = 0; index < api_.ggml_backend_dev_count(); ++index) {
        size_t free = 0;
        size_t total = 0;
        api_.ggml_backend_dev_memory(api_.ggml_backend_dev_get(index), &free, &total);
        available += static_cast<double>(total);
    }
    if (available > 0 && bytes > available) {
        throw NativeFailure(ErrorCode::OutOfMemory,
                            "A context of " + std::to_string(options_.contextLength) +
                                " tokens needs " +
                                std::to_string(static_cast<int64_t>(bytes / (1 << 30))) +
                                " GiB, more than this machine has.");
    }
}

Decoder::Decoder(const Api& api, std::shared_ptr<const ModelCore> model,
                 const ContextOptions& options)
    : api_(api),
      model_(std::move(model)),
      options_(options),
      context_(nullptr, api.llama_free),
      treeSequences_(api, options.sequences) {
    if (model_->vocabularyOnly) {
        invalid("The model was loaded with its vocabulary alone.");
    }
    guardMemory();
    // A recurrent memory has room for a fixed number of sequences from the start.
    const llama_model* weights = model_->model.get();
    recurrent_ = api_.llama_model_is_recurrent(weights) || api_.llama_model_is_hybrid(weights);
    oneSequence_ = options_.beginWithOne && !recurrent_;
    openContext();
    const auto batch = static_cast<size_t>(options_.batchSize);
    positions_.resize(batch);
    sequenceCounts_.resize(batch);
    sequenceLists_.resize(batch);
    wanted_.resize(batch);
}

void Decoder::check(const DecodeRequest& request) const {
    if (request.tokens.empty()) invalid("tokens must not be empty.");
    model_->vocabulary.check(request.tokens);
    if (request.sequence >= options_.sequences) {
        invalid("sequence must be below " + std::to_string(options_.sequences) + ".");
    }
    const int32_t length = sequenceLength(request.sequence);
    if (request.position != length) {
        invalid("position must be " + std::to_string(length) + ", the length of sequence " +
                std::to_string(request.sequence) + ".");
    }
    const auto outputs = static_cast<size_t>(request.outputs);
    if (outputs > request.tokens.size()) invalid("outputs must not exceed the tokens.");
    if (request.outputs > options_.outputRows) {
        invalid("outputs are limited to " + std::to_string(options_.outputRows) + " rows.");
    }
    // Rows come back from one forward pass, the last.
    const size_t last = (request.tokens.size() - 1) % static_cast<size_t>(options_.batchSize) + 1;
    if (outputs > last) invalid("outputs reach back into another batch.");
    if (request.topK > model_->vocabulary.size()) {
        invalid("topK must not exceed the vocabulary.");
    }
}

std::optional<DecodeRows> Decoder::decode(const DecodeRequest& request) {
    rows_ = 0;
    dropTree();
    if (request.sequence > 0) branch();
    treeSequences_.forget(request.sequence);
    const size_t total = request.tokens.size();
    if (static_cast<size_t>(request.position) + total >
        static_cast<size_t>(options_.contextLength)) {
        throw NativeFailure(ErrorCode::ContextFull,
                            "The context holds " + std::to_string(options_.contextLength) +
                                " tokens; " + std::to_string(request.position + total) +
                                " are needed.");
    }
    const auto chunk = static_cast<size_t>(options_.batchSize);
    for (size_t begin = 0; begin < total; begin += chunk) {
        const size_t count = std::min(chunk, total - begin);
        if (decodeChunk(request, begin, count) == ChunkOutcome::Cancelled) {
            rollBack(request);
            return std::nullopt;
        }
    }
    rows_ = request.outputs;
    return collectRows(request);
}

Decoder::ChunkOutcome Decoder::decodeChunk(const DecodeRequest& request, size_t begin,
                                           size_t count) {
    if (cancelRequested.load(std::memory_order_relaxed)) return ChunkOutcome::Cancelled;
    sequence_ = request.sequence;
    for (size_t index = 0; index < count; ++index) {
        const size_t token = begin + index;
        sequenceCounts_[index] = 1;
        sequenceLists_[index] = &sequence_;
        positions_[index] = request.position + static_cast<llama_pos>(token);
        wanted_[index] = token + static_cast<size_t>(request.outputs) >= request.tokens.size();
    }
    llama_batch batch = {};
    batch.n_tokens = static_cast<int32_t>(count);
    batch.token = const_cast<llama_token*>(request.tokens.data() + begin);
    batch.pos = positions_.data();
    batch.n_seq_id = sequenceCounts_.data();
    batch.seq_id = sequenceLists_.data();
    batch.logits = wanted_.data();
    return run(batch, [&] { rollBack(request); });
}

/// `rollBack` is called before anything is thrown.
Decoder::ChunkOutcome Decoder::run(const llama_batch& batch,
                                   const std::function<void()>& rollBack) {
    const log::LogCapture capture(api_, &cancelRequested);
    const int32_t status = api_.llama_decode(context_.get(), batch);
    if (status == 0) return ChunkOutcome::Done;
    if (status == 2) return ChunkOutcome::Cancelled;
    rollBack();
    if (status == 1) {
        throw NativeFailure(
            ErrorCode::ContextFull,
            "The context has no room for " + std::to_string(batch.n_tokens) + " more tokens.");
    }
    const std::string reason = capture.reason();
    throw NativeFailure(
        soundsLikeOutOfMemory(reason) ? ErrorCode::OutOfMemory : ErrorCode::DecodeFailed,
        "llama_decode failed (" + std::to_string(status) + ")" +
            (reason.empty() ? "." : ": " + reason));
}

void Decoder::rollBack(const DecodeRequest& request) {
    // A GPU may still be computing what is dropped here.
    api_.llama_synchronize(context_.get());
    if (api_.llama_memory_seq_rm(memory(), request.sequence, request.position, -1)) return;
    // A recurrent state cannot go back; an empty sequence is at least a state that the caller can
    // see and refill.
    api_.llama_memory_seq_rm(memory(), request.sequence, -1, -1);
    throw NativeFailure(ErrorCode::DecodeFailed,
                        "This model's memory cannot be rolled back: the sequence is empty now.");
}

DecodeRows Decoder::collectRows(const DecodeRequest& request) const {
    const auto vocabulary = static_cast<size_t>(model_->vocabulary.size());
    const float* logits = outputLogits();
    return reduceRows(static_cast<size_t>(rows_), static_cast<size_t>(request.topK),
                      request.normalise, [&](size_t row) { return logits + row * vocabulary; });
}

/// Waits for the backend. Rows lie in the order of the batch; nullptr where there are none.
const float* Decoder::outputLogits() const {
    if (rows_ == 0) {
        api_.llama_synchronize(context_.get());
        return nullptr;
    }
    const float* logits = api_.llama_get_logits(context_.get());  // synchronises
    if (logits == nullptr) throw NativeFailure(ErrorCode::DecodeFailed, "There are no logits.");
    return logits;
}

DecodeRows Decoder::reduceRows(size_t rows, size_t topK, bool normalise,
                               const std::function<const float*(size_t)>& logitsOf) const {
    const auto vocabulary = static_cast<size_t>(model_->vocabulary.size());
    DecodeRows result;
    result.rows = static_cast<int32_t>(rows);
    result.topK = static_cast<int32_t>(topK);
    result.ids.resize(rows * topK);
    result.logits.resize(rows * topK);
    if (normalise) result.logSumExp.resize(rows);
    for (size_t row = 0; row < rows; ++row) {
        const float* values = logitsOf(row);
        selectTopK(values, vocabulary, topK, result.ids.data() + row * topK,
                   result.logits.data() + row * topK);
        if (normalise) result.logSumExp[row] = logSumExp(values, vocabulary);
    }
    return result;
}

int32_t Decoder::sequenceLength(int32_t sequence) const {
    // Rows of a tree do not count until they are kept.
    if (tree_ && sequence < tree_->request.sequenceCount()) return tree_->position;
    return api_.llama_memory_seq_pos_max(memory(), sequence) + 1;
}

void Decoder::removeTokens(int32_t sequence, int32_t from, int32_t to) {
    dropTree();
    if (sequence == 0) treeSequences_.truncated(memory(), from);
    treeSequences_.forget(sequence);
    if (!api_.llama_memory_seq_rm(memory(), sequence, from, to)) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "This model's memory cannot drop a part of a sequence.");
    }
}

void Decoder::copyTokens(int32_t source, int32_t target, int32_t from, int32_t to) {
    dropTree();
    if (source > 0 || target > 0) branch();
    if (target == 0) treeSequences_.forgetAll();
    treeSequences_.forget(target);
    api_.llama_memory_seq_cp(memory(), source, target, from, to);
}

void Decoder::keepSequence(int32_t sequence) {
    dropTree();
    treeSequences_.forgetAll();
    api_.llama_memory_seq_keep(memory(), sequence);
}

void Decoder::setThreads(int32_t threads, int32_t batchThreads) {
    options_.threads = threads;
    options_.batchThreads = batchThreads;
    api_.llama_set_n_threads(context_.get(), threads, batchThreads);
}

std::vector<float> Decoder::logits(int32_t row) const {
    if (row >= rows_) invalid("The last decode returned " + std::to_string(rows_) + " rows.");
    const auto vocabulary = static_cast<size_t>(model_->vocabulary.size());
    const float* values =
        api_.llama_get_logits(context_.get()) + static_cast<size_t>(row) * vocabulary;
    return std::vector<float>(values, values + vocabulary);
}

}  // namespace foretoken
