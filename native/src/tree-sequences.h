// The sequences of a candidate tree: which of them hold how much of the prefix.
//
// llama.cpp has no tree mask but sequences: each leaf's path is one, and each has to hold the whole
// prefix. Sequence 0 holds the truth; the others are mirrors of its first tokens, which share its
// cells. A mirror is brought up to date only when a tree uses it, by copying what it lacks: a full
// copy of a long prefix costs about a millisecond, a copy of the last few tokens next to nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "api.h"

namespace foretoken {

class TreeSequences {
  public:
    TreeSequences(const Api& api, int32_t count)
        : api_(api), mirrored_(static_cast<size_t>(count), 0) {}

    /// Makes sequences 1..count-1 hold sequence 0's `length` tokens and nothing else.
    void prepare(llama_memory_t memory, int32_t count, int32_t length);

    /// Drops from sequences 0..count-1 all from `length` on.
    void cut(llama_memory_t memory, int32_t count, int32_t length);

    /// After a tree over `count` sequences: `winner` holds what was accepted, up to position
    /// `accepted`; everything else of the tree is dropped, and sequence 0 takes over.
    void keep(llama_memory_t memory, int32_t count, int32_t winner, int32_t length,
              int32_t accepted);

    /// Sequence 0 is about to lose everything from `length` on: its mirrors too.
    void truncated(llama_memory_t memory, int32_t length);

    /// Somebody else is about to use the sequence: it is no mirror any more.
    void forget(int32_t sequence) { mirrored_[static_cast<size_t>(sequence)] = 0; }
    void forgetAll() { std::fill(mirrored_.begin(), mirrored_.end(), 0); }

  private:
    const Api& api_;
    std::vector<int32_t> mirrored_;  // tokens that each shares with sequence 0; [0] is not used
};

}  // namespace foretoken
