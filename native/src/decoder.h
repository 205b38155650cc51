// A llama_context without JavaScript.
//
// Threads: a Decoder is used by one thread at a time. ModelPart (model-part.h) sees to it: the main
// thread while nothing runs or the decode blocks it, and the worker of the decode otherwise. The
// one exception is `cancelRequested`, an atomic that the main thread sets while the worker polls
// it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "embeddings.h"
#include "model-core.h"
#include "options.h"
#include "tree-request.h"
#include "tree-sequences.h"

namespace foretoken {

struct DecodeRows {
    int32_t rows = 0;
    int32_t topK = 0;
    std::vector<int32_t> ids;
    std::vector<float> logits;
    std::vector<float> logSumExp;
};

class Decoder {
  public:
    /// Throws out-of-memory, model-unsupported, invalid-argument.
    Decoder(const Api& api, std::shared_ptr<const ModelCore> model, const ContextOptions& options);
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    const ContextOptions& options() const { return options_; }
    uint64_t memoryBytes() const { return memoryBytes_; }

    /// Recurrent states cannot go back to where a tree began.
    bool supportsTrees() const { return !recurrent_; }

    /// Everything llama_decode would abort the process for; throws invalid-argument.
    void check(const DecodeRequest& request) const;
    void check(const TreeRequest& request) const;

    /// The rows, or nothing when cancelled. The request must have been checked.
    std::optional<DecodeRows> decode(const DecodeRequest& request);

    /// As decode, for a tree behind sequence 0. Its rows stay in the cache until keepPath, or until
    /// anything else is done with the cache, which drops them.
    std::optional<DecodeRows> decodeTree(TreeRequest request);

    /// Appends rows of the last tree, from its root down, to sequence 0.
    void keepPath(const std::vector<int32_t>& rows);

    /// Rows that slots of a tree name. Throws model-unsupported where embeddings cannot stand for
    /// tokens, and invalid-argument.
    void setPromptEmbeddings(std::vector<float> values);

    int32_t sequenceLength(int32_t sequence) const;
    void removeTokens(int32_t sequence, int32_t from, int32_t to);
    void copyTokens(int32_t source, int32_t target, int32_t from, int32_t to);
    void keepSequence(int32_t sequence);
    void setThreads(int32_t threads, int32_t batchThreads);
    std::vector<float> logits(int32_t row) const;

    /// Set on the main thread while a decode runs, polled between chunks and, on the CPU, between
    /// the operations of a graph.
    std::atomic<bool> cancelRequested{false};

  private:
    enum class ChunkOutcome { Done, Cancelled };

    llama_context_params parameters();
    void guardMemory() const;
    void createContext();
    void openContext();
    void branch();
    /// Values of the keys of one head.
    int keyLength() const;

    ChunkOutcome decodeChunk(const DecodeRequest& request, size_t begin, size_t count);
    ChunkOutcome run(const llama_batch& batch, const std::function<void()>& rollBack);
    void rollBack(const DecodeRequest& request);
    void fillTree(TreeRequest& request, int32_t position);
    void dropTree();
    DecodeRows collectRows(const DecodeRequest& request) const;
    DecodeRows collectTreeRows(const TreeRequest& request) const;
    const float* outputLogits() const;
    DecodeRows reduceRows(size_t rows, size_t topK, bool normalise,
                          const std::function<const float*(size_t)>& logitsOf) const;
    llama_memory_t memory() const { return api_.llama_get_memory(context_.get()); }

    const Api& api_;
    std::shared_ptr<const ModelCore> model_;  // before context_: freed after it
    ContextOptions options_;
    std::unique_ptr<llama_context, decltype(&::llama_free)> context_;
    uint64_t memoryBytes_ = 0;
    int32_t rows_ = 0;  // of the last decode
    bool recurrent_ = false;
    bool oneSequence_ = false;  // all that the batches of context_ may name is sequence 0

    struct PendingTree {
        TreeRequest request;
        int32_t position;
    };
    TreeSequences treeSequences_;
    std::optional<PendingTree> tree_;  // decoded, and neither kept nor dropped yet
    std::vector<float> promptEmbeddings_;
    std::optional<EmbeddingCache> embeddings_;
    std::vector<float> inputs_;  // rows of a tree as embeddings

    // The arrays of a llama_batch, kept between decodes.
    std::vector<llama_pos> positions_;
    std::vector<int32_t> sequenceCounts_;
    std::vector<llama_seq_id*> sequenceLists_;
    std::vector<int8_t> wanted_;
    llama_seq_id sequence_ = 0;
};

}  // namespace foretoken
