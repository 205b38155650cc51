#include "load-model.h"

#include <atomic>
#include <memory>

#include "addon-data.h"
#include "background-release.h"
#include "library.h"
#include "model.h"
#include "worker.h"

namespace foretoken {

namespace {

/// Calls onProgress on the main thread. Reports that arrive faster than the main thread takes them
/// are coalesced into the newest.
class ProgressReporter {
  public:
    ProgressReporter(Napi::Env env, const Napi::Function& onProgress)
        : function_(Napi::ThreadSafeFunction::New(env, onProgress, "foretoken progress", 0, 1)),
          state_(std::make_shared<State>()) {}

    ~ProgressReporter() { function_.Release(); }
    ProgressReporter(const ProgressReporter&) = delete;
    ProgressReporter& operator=(const ProgressReporter&) = delete;

    /// Loading thread.
    void report(float fraction) {
        state_->newest = fraction;
        if (state_->scheduled.exchange(true)) return;
        function_.NonBlockingCall([state = state_](Napi::Env env, Napi::Function onProgress) {
            state->scheduled = false;
            const float newest = state->newest;
            if (newest <= state->told || state->finished) return;
            state->told = newest;
            onProgress.Call({Napi::Number::New(env, static_cast<double>(newest))});
        });
    }

    /// Main thread: nothing is reported after the load has settled.
    void finish() { state_->finished = true; }

  private:
    struct State {
        std::atomic<float> newest{0.0F};
        std::atomic<bool> scheduled{false};
        float told = 0.0F;      // main thread
        bool finished = false;  // main thread
    };

    Napi::ThreadSafeFunction function_;
    std::shared_ptr<State> state_;
};

class LoadWorker : public PromiseWorker {
  public:
    LoadWorker(Napi::Env env, const ModelOptions& options,
               std::shared_ptr<std::atomic<bool>> aborted)
        : PromiseWorker(env, "foretoken:loadModel", ErrorCode::ModelUnsupported),
          request_{options.path, options.gpuLayers, loadMode(options), options.vocabularyOnly},
          aborted_(std::move(aborted)) {
        addonData(env).stopFlags.insert(aborted_.get());
        if (!options.onProgress.IsEmpty()) {
            progress_ = std::make_unique<ProgressReporter>(env, options.onProgress);
        }
    }

  private:
    static llama_load_mode loadMode(const ModelOptions& options) {
        if (!options.useMmap) return LLAMA_LOAD_MODE_AUTO;
        return *options.useMmap ? LLAMA_LOAD_MODE_MMAP : LLAMA_LOAD_MODE_NONE;
    }

    void run() override {
        core_ = loadModelCore(api(), request_, [this](float fraction) {
            if (progress_) progress_->report(fraction);
            return !aborted_->load();
        });
    }

    Napi::Value result(Napi::Env env) override {
        // Here, on the thread that aborts: an abort before the promise is settled always counts.
        if (*aborted_) {
            releaseInBackground(std::const_pointer_cast<ModelCore>(std::move(core_)));
            throw NativeFailure(ErrorCode::Aborted, "Loading the model was aborted.");
        }
        return Model::create(env, std::move(core_));
    }

    void settled(Napi::Env env) override {
        addonData(env).stopFlags.erase(aborted_.get());
        if (progress_) progress_->finish();
    }

    LoadRequest request_;
    std::shared_ptr<std::atomic<bool>> aborted_;
    std::unique_ptr<ProgressReporter> progress_;
    std::shared_ptr<const ModelCore> core_;
};

}  // namespace

Napi::Object startLoad(Napi::Env env, const ModelOptions& options) {
    api();  // refuses here, synchronously, when no libraries are open
    auto aborted = std::make_shared<std::atomic<bool>>(false);
    auto* worker = new LoadWorker(env, options, aborted);
    worker->Queue();
    Napi::Object load = Napi::Object::New(env);
    load.Set("model", worker->promise());
    load.Set("abort", Napi::Function::New(
                          env, [aborted](const Napi::CallbackInfo&) { *aborted = true; }, "abort"));
    return load;
}

}  // namespace foretoken
