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

class TrainerBackend {
  public:
    /// `cancelled` is looked at between graph nodes. Throws out-of-memory.
    TrainerBackend(const Api& api, int32_t threads, size_t graphSize,
                   const std::atomic<bool>& cancelled);

    /// Counts memory that is about to be taken. Throws out-of-memory when this machine cannot hold
    /// all that was counted: memory is only touched later, and then the kernel ends the process.
    void claim(double bytes, const char* what);

    /// Memory for all tensors of `context`, zeroed. Throws out-of-memory.
    GgmlBuffer allocate(ggml_context* context, const char* what);

    /// Makes room for `graph`, and for smaller ones. Throws out-of-memory.
    void reserve(ggml_cgraph* graph);

    /// Gives the tensors of `graph` their memory; those of the graph before lose theirs.
    void place(ggml_cgraph* graph);

    /// False when cancelled. Throws decode-failed.
    bool compute(ggml_cgraph* graph);

    uint64_t bufferBytes() const;

  private:
    const Api& api_;
    double claimed_ = 0;  // bytes
    std::unique_ptr<ggml_backend, decltype(&::ggml_backend_free)> cpu_;
    std::unique_ptr<ggml_backend_sched, decltype(&::ggml_backend_sched_free)> scheduler_;
};

}  // namespace foretoken
