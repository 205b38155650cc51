#include "trainer-teacher.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "errors.h"
#include "log.h"

namespace foretoken {

namespace {

/// Small, since the logits of a whole chunk lie in llama.cpp's output buffer.
constexpr int64_t kMostTokensOfChunk = 64;

/// The layer out of a node's name like "Kcur-12"; -1 for other names.
int64_t layerOf(const char* name, const char* stem) {
    const size_t length = std::strlen(stem);
    if (std::strncmp(name, stem, length) != 0 || name[length] == '\0') return -1;
    char* end = nullptr;
    const long layer = std::strtol(name + length, &end, 10);
    return *end == '\0' ? layer : -1;
}

}  // namespace

Teacher::Teacher(const Api& api, const ModelCore& model, const TransformerShape& shape,
                 int64_t windowLength, int32_t threads, const std::atomic<bool>& cancelled)
    : api_(api),
      shape_(shape),
      cancelled_(cancelled),
      chunk_(static_cast<size_t>(std::min(windowLength, kMostTokensOfChunk))),
      context_(nullptr, api.llama_free),
      seen_(2 * static_cast<size_t>(shape.layers)) {
    llama_context_params params = api_.llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(windowLength);
    params.n_batch = params.n_ubatch = params.n_outputs_max = static_cast<uint32_t>(chunk_);
    params.n_seq_max = 1;
    params.kv_unified = true;
    params.n_threads = params.n_threads_batch = threads;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.no_perf = true;
    params.abort_callback = [](void* flag) {
        return static_cast<const std::atomic<bool>*>(flag)->load(std::memory_order_relaxed);
    };
    params.abort_callback_data = const_cast<std::atomic<bool>*>(&cancelled_);
    params.cb_eval = [](ggml_tensor* node, bool ask, void* teacher) {
        return static_cast<Teacher*>(teacher)->onNode(node, ask);
    };
    params.cb_eval_user_data = this;
    const log::LogCapture capture(api_);
    context_.reset(api_.llama_init_from_model(model.model.get(), params));
    if (!context_) {
        const std::string reason = capture.reason();
        throw NativeFailure(
            soundsLikeOutOfMemory(reason) ? ErrorCode::OutOfMemory : ErrorCode::ModelUnsupported,
            "llama.cpp cannot make a context to train with" +
                (reason.empty() ? "." : ": " + reason));
    }
    memoryBytes_ = capture.bufferBytes();
}

/// llama.cpp calls several nodes of a layer by the same name: the keys are wanted rotated, and of
/// the values the last ones count, which have their bias.
bool Teacher::onNode(ggml_tensor* node, bool ask) {
    const bool keys = node->op == GGML_OP_ROPE;
    const int64_t layer = layerOf(node->name, keys ? "Kcur-" : "Vcur-");
    const bool wanted = kept_ != nullptr && layer >= 0 && layer < shape_.layers &&
                        node->type == GGML_TYPE_F32 && node->ne[0] == shape_.headLength &&
                        node->ne[1] == shape_.kvHeads && node->ne[2] == count_ &&
                        api_.ggml_is_contiguous(node);
    if (ask || !wanted) return ask ? wanted : true;
    values_.resize(static_cast<size_t>(shape_.headLength * shape_.kvHeads * count_));
    api_.ggml_backend_tensor_get(node, values_.data(), 0, values_.size() * sizeof(float));
    kept_->put(static_cast<size_t>(layer), keys, first_, values_);
    seen_[2 * static_cast<size_t>(layer) + (keys ? 0 : 1)] = true;
    return true;
}

bool Teacher::decodeChunk(const std::vector<int32_t>& tokens, size_t first, size_t count) {
    std::vector<llama_pos> positions(count);
    std::vector<int32_t> sequenceCounts(count, 1);
    llama_seq_id sequence = 0;
    std::vector<llama_seq_id*> sequences(count, &sequence);
    std::vector<int8_t> wanted(count, 1);
    for (size_t index = 0; index < count; ++index) {
        positions[index] = static_cast<llama_pos>(first + index);
    }
    llama_batch batch = {};
    batch.n_tokens = static_cast<int32_t>(count);
    batch.token = const_cast<llama_token*>(tokens.data() + first);
    batch.pos = positions.data();
    batch.n_seq_id = sequenceCounts.data();
    batch.seq_id = sequences.data();
    batch.logits = wanted.data();
    first_ = static_cast<int64_t>(first);
    count_ = static_cast<int64_t>(count);
    const log::LogCapture capture(api_, &cancelled_);
    const int32_t status = api_.llama_decode(context_.get(), batch);
    api_.llama_synchronize(context_.get());
    if (cancelled_ || status == 2) return false;
    if (status == 0) return true;
    const std::string reason = capture.reason();
    throw NativeFailure(
        soundsLikeOutOfMemory(reason) ? ErrorCode::OutOfMemory : ErrorCode::DecodeFailed,
        "llama_decode failed (" + std::to_string(status) + ")" +
            (reason.empty() ? "." : ": " + reason));
}

bool Teacher::read(const std::vector<int32_t>& tokens, KeptWindow& kept,
                   const std::function<void(size_t position, const float* logits)>& onRow) {
    api_.llama_memory_clear(api_.llama_get_memory(context_.get()), /*data=*/false);
    kept_ = &kept;
    for (size_t first = 0; first < tokens.size(); first += chunk_) {
        const size_t count = std::min(chunk_, tokens.size() - first);
        std::fill(seen_.begin(), seen_.end(), false);
        if (!decodeChunk(tokens, first, count)) return false;
        if (std::find(seen_.begin(), seen_.end(), false) != seen_.end()) {
            untrainable("llama.cpp's pass does not show its keys and values");
        }
        const float* logits = api_.llama_get_logits(context_.get());
        for (size_t index = 0; index < count; ++index) {
            onRow(first + index, logits + index * static_cast<size_t>(shape_.vocabulary));
        }
    }
    kept.upload();
    return !cancelled_;
}

}  // namespace foretoken
