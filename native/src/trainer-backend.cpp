#include "trainer-backend.h"

#include <string>

#include "errors.h"

namespace foretoken {

GgmlContext makeContext(const Api& api, size_t tensors, size_t graphBytes) {
    const size_t bytes = tensors * api.ggml_tensor_overhead() + graphBytes;
    GgmlContext context(api.ggml_init({bytes, nullptr, /*no_alloc=*/true}), api.ggml_free);
    if (!context) throw std::bad_alloc();
    return context;
}

TrainerBackend::TrainerBackend(const Api& api, int32_t threads, size_t graphSize,
                               const std::atomic<bool>& cancelled)
    : api_(api),
      cpu_(nullptr, api.ggml_backend_free),
      scheduler_(nullptr, api.ggml_backend_sched_free) {
    ggml_backend_dev_t device = api_.ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (device != nullptr) cpu_.reset(api_.ggml_backend_dev_init(device, nullptr));
    if (!cpu_) throw NativeFailure(ErrorCode::LibraryUnreadable, "There is no CPU backend.");
    ggml_backend_reg_t registry = api_.ggml_backend_dev_backend_reg(device);
    // The CPU backend's own functions live in a library chosen at run time.
    const auto setThreads = reinterpret_cast<ggml_backend_set_n_threads_t>(
        api_.ggml_backend_reg_get_proc_address(registry, "ggml_backend_set_n_threads"));
    const auto setAbort = reinterpret_cast<ggml_backend_set_abort_callback_t>(
        api_.ggml_backend_reg_get_proc_address(registry, "ggml_backend_set_abort_callback"));
    if (setThreads == nullptr || setAbort == nullptr) {
        throw NativeFailure(ErrorCode::LibraryMismatch, "The CPU backend lacks functions.");
    }
    setThreads(cpu_.get(), threads);
    setAbort(
        cpu_.get(),
        [](void* flag) {
            return static_cast<const std::atomic<bool>*>(flag)->load(std::memory_order_relaxed);
        },
        const_cast<std::atomic<bool>*>(&cancelled));
    ggml_backend_t backends[] = {cpu_.get()};
    scheduler_.reset(api_.ggml_backend_sched_new(backends, nullptr, 1, graphSize,
                                                 /*parallel=*/false, /*op_offload=*/false));
    if (!scheduler_) throw std::bad_alloc();
}

void TrainerBackend::claim(double bytes, const char* what) {
    claimed_ += bytes;
    double available = 0;
    for (size_t index = 0; index < api_.ggml_backend_dev_count(); ++index) {
        size_t free = 0;
        size_t total = 0;
        api_.ggml_backend_dev_memory(api_.ggml_backend_dev_get(index), &free, &total);
        available += static_cast<double>(total);
    }
    if (available == 0 || claimed_ <= available) return;
    throw NativeFailure(ErrorCode::OutOfMemory,
                        "Training needs " +
                            std::to_string(static_cast<int64_t>(claimed_ / (1 << 30))) +
                            " GiB with " + what + ", more than this machine has.");
}

GgmlBuffer TrainerBackend::allocate(ggml_context* context, const char* what) {
    ggml_backend_buffer_type_t type =
        api_.ggml_backend_dev_buffer_type(api_.ggml_backend_get_device(cpu_.get()));
    double bytes = 0;
    for (ggml_tensor* tensor = api_.ggml_get_first_tensor(context); tensor != nullptr;
         tensor = api_.ggml_get_next_tensor(context, tensor)) {
        bytes += static_cast<double>(api_.ggml_nbytes(tensor));
    }
    claim(bytes, what);
    GgmlBuffer buffer(api_.ggml_backend_alloc_ctx_tensors_from_buft(context, type),
                      api_.ggml_backend_buffer_free);
    if (!buffer) {
        throw NativeFailure(ErrorCode::OutOfMemory,
                            std::string("There is not enough memory for ") + what + ".");
    }
    api_.ggml_backend_buffer_clear(buffer.get(), 0);
    return buffer;
}

void TrainerBackend::reserve(ggml_cgraph* graph) {
    size_t bytes = 0;
    api_.ggml_backend_sched_reserve_size(scheduler_.get(), graph, &bytes);
    claim(static_cast<double>(bytes), "so many insertions and prompt tokens");
    api_.ggml_backend_sched_reset(scheduler_.get());
    if (!api_.ggml_backend_sched_reserve(scheduler_.get(), graph)) throw std::bad_alloc();
}

void TrainerBackend::place(ggml_cgraph* graph) {
    api_.ggml_backend_sched_reset(scheduler_.get());
    if (!api_.ggml_backend_sched_alloc_graph(scheduler_.get(), graph)) throw std::bad_alloc();
}

bool TrainerBackend::compute(ggml_cgraph* graph) {
    const ggml_status status = api_.ggml_backend_sched_graph_compute(scheduler_.get(), graph);
    if (status == GGML_STATUS_ABORTED) return false;
    if (status == GGML_STATUS_SUCCESS) return true;
    throw NativeFailure(
        status == GGML_STATUS_ALLOC_FAILED ? ErrorCode::OutOfMemory : ErrorCode::DecodeFailed,
        "A pass of the trainer failed (" + std::to_string(status) + ").");
}

uint64_t TrainerBackend::bufferBytes() const {
    return api_.ggml_backend_sched_get_buffer_size(scheduler_.get(), cpu_.get());
}

}  // namespace foretoken
