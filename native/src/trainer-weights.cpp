#include "trainer-weights.h"

#include <algorithm>

#include "errors.h"

namespace foretoken {

namespace {

constexpr double kMostFloatBytes = 1 << 30;
constexpr size_t kTensorsPerLayer = 2 * 7 + 5;

bool isFloat(ggml_type type) {
    return type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || type == GGML_TYPE_BF16;
}

/// First describes all tensors, then allocates them, then fills them.
class WeightLoader {
  public:
    WeightLoader(const Api& api, const TransformerShape& shape, TensorSource& source,
                 TrainerWeights& weights)
        : api_(api), shape_(shape), source_(source), weights_(weights) {}

    void describe(std::optional<bool> compact) {
        choosePrecision(compact);
        for (int64_t index = 0; index < shape_.layers; ++index) {
            weights_.layers.push_back(layer("blk." + std::to_string(index) + "."));
        }
        weights_.outputNorm = vector("output_norm.weight", shape_.width);
        require("token_embd.weight", shape_.width, shape_.vocabulary);
        weights_.head = matrix(headName(), shape_.width, shape_.vocabulary);
        weights_.ropeFactors = optionalVector("rope_freqs.weight", shape_.headLength / 2);
        if (const auto other = source_.unused()) untrainable("it has a tensor " + *other);
    }

    void fill(const std::atomic<bool>& cancelled) {
        for (const Copy& copy : copies_) {
            if (cancelled) throw NativeFailure(ErrorCode::Aborted, "The trainer was aborted.");
            const auto function = copy.transposed ? copyTransposed : copyTensor;
            function(api_, source_, copy.source, copy.target);
        }
    }

  private:
    struct Copy {
        SourceTensor source;
        ggml_tensor* target;
        bool transposed;
    };

    /// Tied embeddings are the head as well.
    std::string headName() {
        return source_.find("output.weight") ? "output.weight" : "token_embd.weight";
    }

    /// Counts the matrices before there are tensors for them.
    void choosePrecision(std::optional<bool> compact) {
        double values = 0;
        const auto count = [&](const std::string& name) {
            const auto tensor = source_.find(name);
            if (!tensor) return;
            values += static_cast<double>(tensor->rowLength) * static_cast<double>(tensor->rows);
            weights_.quantised = weights_.quantised || !isFloat(tensor->type);
        };
        for (int64_t index = 0; index < shape_.layers; ++index) {
            for (const char* name :
                 {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}) {
                count("blk." + std::to_string(index) + "." + name + ".weight");
            }
        }
        count(headName());
        weights_.compact = compact.value_or(2 * sizeof(float) * values > kMostFloatBytes);
    }

    SourceTensor require(const std::string& name) {
        const auto tensor = source_.find(name);
        if (!tensor) untrainable("its file (the first, if split) has no tensor " + name);
        return *tensor;
    }

    SourceTensor require(const std::string& name, int64_t rowLength, int64_t rows) {
        SourceTensor tensor = require(name);
        if (tensor.rowLength != rowLength || tensor.rows != rows) {
            untrainable("its tensor " + name + " has another shape than a llama block's");
        }
        return tensor;
    }

    ggml_tensor* vector(const std::string& name, int64_t length) {
        const SourceTensor source = require(name, length, 1);
        ggml_tensor* target =
            api_.ggml_new_tensor(weights_.context.get(), GGML_TYPE_F32, 1, &length);
        copies_.push_back({source, target, false});
        return target;
    }

    ggml_tensor* optionalVector(const std::string& name, int64_t length) {
        return source_.find(name) ? vector(name, length) : nullptr;
    }

    Matrix matrix(const std::string& name, int64_t input, int64_t output) {
        const SourceTensor source = require(name, input, output);
        const int64_t lengths[] = {input, output};
        const int64_t turned[] = {output, input};
        const bool compact = weights_.compact;
        ggml_context* context = weights_.context.get();
        const Matrix made{
            api_.ggml_new_tensor(context, compact ? source.type : GGML_TYPE_F32, 2, lengths),
            api_.ggml_new_tensor(context, compact ? GGML_TYPE_BF16 : GGML_TYPE_F32, 2, turned)};
        copies_.push_back({source, made.forward, false});
        copies_.push_back({source, made.transposed, true});
        return made;
    }

    LayerWeights layer(const std::string& prefix) {
        const int64_t queries = shape_.heads * shape_.headLength;
        const int64_t keys = shape_.kvHeads * shape_.headLength;
        const int64_t inner = require(prefix + "ffn_gate.weight").rows;
        LayerWeights layer;
        layer.attentionNorm = vector(prefix + "attn_norm.weight", shape_.width);
        layer.query = matrix(prefix + "attn_q.weight", shape_.width, queries);
        layer.key = matrix(prefix + "attn_k.weight", shape_.width, keys);
        layer.value = matrix(prefix + "attn_v.weight", shape_.width, keys);
        layer.output = matrix(prefix + "attn_output.weight", queries, shape_.width);
        layer.queryBias = optionalVector(prefix + "attn_q.bias", queries);
        layer.keyBias = optionalVector(prefix + "attn_k.bias", keys);
        layer.valueBias = optionalVector(prefix + "attn_v.bias", keys);
        layer.feedNorm = vector(prefix + "ffn_norm.weight", shape_.width);
        layer.gate = matrix(prefix + "ffn_gate.weight", shape_.width, inner);
        layer.up = matrix(prefix + "ffn_up.weight", shape_.width, inner);
        layer.down = matrix(prefix + "ffn_down.weight", inner, shape_.width);
        return layer;
    }

    const Api& api_;
    const TransformerShape& shape_;
    TensorSource& source_;
    TrainerWeights& weights_;
    std::vector<Copy> copies_;
};

}  // namespace

TrainerWeights loadWeights(const Api& api, const TransformerShape& shape, TensorSource& source,
                           TrainerBackend& backend, std::optional<bool> compact,
                           const std::atomic<bool>& cancelled) {
    const size_t tensors = kTensorsPerLayer * static_cast<size_t>(shape.layers) + 8;
    TrainerWeights weights{makeContext(api, tensors),
                           GgmlBuffer(nullptr, api.ggml_backend_buffer_free)};
    WeightLoader loader(api, shape, source, weights);
    loader.describe(compact);
    weights.buffer = backend.allocate(weights.context.get(), "the weights");
    api.ggml_backend_buffer_set_usage(weights.buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
    loader.fill(cancelled);
    return weights;
}

}  // namespace foretoken
