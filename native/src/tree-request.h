// A candidate tree as JavaScript hands it over, and everything about it that llama.cpp would answer
// by ending the process.
#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

namespace foretoken {

struct TreeRequest {
    // One element per row. A row is a token or, where that is -1, a slot of the prompt embeddings.
    std::vector<int32_t> tokens;
    std::vector<int32_t> slots;
    std::vector<int32_t> offsets;  // from the root's position
    std::vector<int32_t> sequenceCounts;

    std::vector<int32_t> sequences;     // of all rows, one after the other
    std::vector<int32_t> outputs;       // rows
    std::vector<int32_t> outputCounts;  // rows that are averaged into each output; empty = 1 each
    int32_t topK = 1;
    bool normalise = false;
    bool embedded = false;  // tokens enter as embeddings even where there is no slot

    size_t rows() const { return tokens.size(); }
    /// A batch is all tokens or all embeddings.
    bool entersAsEmbeddings() const;
    /// Tokens of the rows that are tokens.
    std::vector<int32_t> plainTokens() const;
    /// 1 + the largest sequence id.
    int32_t sequenceCount() const;
    /// Where each row's part of `sequences` begins.
    std::vector<size_t> sequenceStarts() const;
};

struct TreeLimits {
    size_t rows;
    size_t outputs;  // different rows with outputs
    int32_t sequences;
    int32_t slots;
};

/// Types and lengths of the arrays.
TreeRequest parseTreeRequest(const Napi::Value& value);

/// Throws invalid-argument, naming the row. Tokens are left to the vocabulary.
void checkTree(const TreeRequest& request, const TreeLimits& limits);

}  // namespace foretoken
