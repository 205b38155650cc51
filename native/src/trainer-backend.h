// Where the trainer's graphs run: a ggml scheduler over the backends, the CPU last, which takes
// what the others cannot do.
#pragma once

#include <atomic>
#include <memory>

#include "api.h"

namespace foretoken {

using GgmlContext = std::unique_ptr<ggml_context, decltype(&::ggml_free)>;
using GgmlBuffer = std::unique_ptr<ggml_backend_buffer, decltype(&::ggml_backend_buffer_free)>;

/// A context for the descriptions of `tensors` tensors, whose data lie elsewhere.
GgmlContext makeContext(const Api& api, size_t tensors, size_t graphBytes = 0);

/// Throws out-of-memory when this machine cannot hold so much at all.
void guardMemory(const Api& api, double bytes, const char* what);

class TrainerBackend {
  public:
    /// `cancelled` is looked at between graph nodes. Throws out-of-memory.
    TrainerBackend(const Api& api, int32_t threads, size_t graphSize,
                   const std::atomic<bool>& cancelled);

    /// Memory for all tensors of `context`, zeroed. Throws out-of-memory.
    GgmlBuffer allocate(ggml_context* context, const char* what) const;

    /// Makes room for `graph`, and for smaller ones. Throws out-of-memory.
    void reserve(ggml_cgraph* graph);

    /// Gives the tensors of `graph` their memory; those of the graph before lose theirs.
    void place(ggml_cgraph* graph);

    /// False when cancelled. Throws decode-failed.
    bool compute(ggml_cgraph* graph);

    uint64_t bufferBytes() const;

  private:
    const Api& api_;
    std::unique_ptr<ggml_backend, decltype(&::ggml_backend_free)> cpu_;
    std::unique_ptr<ggml_backend_sched, decltype(&::ggml_backend_sched_free)> scheduler_;
};

}  // namespace foretoken
