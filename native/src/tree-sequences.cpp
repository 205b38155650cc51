#include "tree-sequences.h"

namespace foretoken {

void TreeSequences::prepare(llama_memory_t memory, int32_t count, int32_t length) {
    for (int32_t sequence = 1; sequence < count; ++sequence) {
        int32_t& mirrored = mirrored_[static_cast<size_t>(sequence)];
        if (mirrored == 0) api_.llama_memory_seq_rm(memory, sequence, -1, -1);
        if (mirrored < length) api_.llama_memory_seq_cp(memory, 0, sequence, mirrored, length);
        mirrored = length;
    }
}

void TreeSequences::cut(llama_memory_t memory, int32_t count, int32_t length) {
    for (int32_t sequence = 0; sequence < count; ++sequence) {
        api_.llama_memory_seq_rm(memory, sequence, length, -1);
    }
}

void TreeSequences::keep(llama_memory_t memory, int32_t count, int32_t winner, int32_t length,
                         int32_t accepted) {
    for (int32_t sequence = 0; sequence < count; ++sequence) {
        api_.llama_memory_seq_rm(memory, sequence, sequence == winner ? accepted : length, -1);
    }
    if (winner == 0) return;
    api_.llama_memory_seq_cp(memory, winner, 0, length, accepted);
    mirrored_[static_cast<size_t>(winner)] = accepted;
}

void TreeSequences::truncated(llama_memory_t memory, int32_t length) {
    for (size_t sequence = 1; sequence < mirrored_.size(); ++sequence) {
        if (mirrored_[sequence] <= length) continue;
        api_.llama_memory_seq_rm(memory, static_cast<int32_t>(sequence), length, -1);
        mirrored_[sequence] = length;
    }
}

}  // namespace foretoken
