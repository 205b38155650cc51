#include "model-core.h"

#include "errors.h"
#include "log.h"

namespace foretoken {

bool soundsLikeOutOfMemory(const std::string& reason) {
    for (const char* words : {"allocate", "out of memory", "bad_alloc", "OutOfDeviceMemory"}) {
        if (reason.find(words) != std::string::npos) return true;
    }
    return false;
}

[[noreturn]] static void throwLoadFailure(const std::string& reason) {
    const std::string detail = reason.empty() ? "." : ": " + reason;
    if (soundsLikeOutOfMemory(reason)) {
        throw NativeFailure(ErrorCode::OutOfMemory,
                            "There is not enough memory for the model" + detail);
    }
    throw NativeFailure(ErrorCode::ModelUnsupported, "llama.cpp cannot run this model" + detail);
}

static llama_model_params parameters(const Api& api, const LoadRequest& request,
                                     const std::function<bool(float)>& progress) {
    // Without an explicit empty list, llama.cpp would use a GPU for large batches even with no
    // layer on it.
    static ggml_backend_dev_t noDevices[] = {nullptr};
    llama_model_params params = api.llama_model_default_params();
    params.devices = request.gpuLayers == 0 ? noDevices : nullptr;
    params.n_gpu_layers = request.gpuLayers;
    params.load_mode = request.loadMode;
    params.vocab_only = request.vocabularyOnly;
    params.progress_callback = [](float fraction, void* data) {
        return (*static_cast<const std::function<bool(float)>*>(data))(fraction);
    };
    params.progress_callback_user_data = const_cast<std::function<bool(float)>*>(&progress);
    return params;
}

std::shared_ptr<const ModelCore> loadModelCore(const Api& api, const LoadRequest& request,
                                               const std::function<bool(float)>& progress) {
    const NativeFailure aborted(ErrorCode::Aborted, "Loading the model was aborted.");
    if (!progress(0.0F)) throw aborted;
    GgufSummary summary = checkGguf(api, request.path);
    if (!progress(0.0F)) throw aborted;

    const log::LogCapture capture(api);
    std::unique_ptr<llama_model, decltype(&::llama_model_free)> model(
        api.llama_model_load_from_file(request.path.c_str(), parameters(api, request, progress)),
        api.llama_model_free);
    if (!model) {
        if (!progress(0.0F)) throw aborted;
        throwLoadFailure(capture.reason());
    }
    if (api.llama_model_has_encoder(model.get()) || !api.llama_model_has_decoder(model.get()) ||
        api.llama_model_is_diffusion(model.get())) {
        throw NativeFailure(ErrorCode::ModelUnsupported,
                            "The model (architecture " + summary.architecture +
                                ") is no causal decoder; it cannot complete code.");
    }
    const Vocabulary vocabulary(api, api.llama_model_get_vocab(model.get()));
    return std::make_shared<const ModelCore>(ModelCore{
        std::move(model), vocabulary, std::move(summary), request.path, request.vocabularyOnly});
}

}  // namespace foretoken
