#include "background-release.h"
#include "context.h"
#include "library.h"
#include "worker.h"

namespace foretoken {

namespace {

class ContextWorker : public PromiseWorker {
  public:
    ContextWorker(Napi::Env env, std::shared_ptr<ModelState> model, const ContextOptions& options)
        : PromiseWorker(env, "foretoken:createContext", ErrorCode::ModelUnsupported),
          model_(std::move(model)),
          core_(model_->core()),
          options_(options) {
        model_->jobStarted();
    }

  private:
    void run() override { decoder_ = std::make_shared<Decoder>(api(), core_, options_); }

    Napi::Value result(Napi::Env env) override {
        if (model_->closing()) {
            throw NativeFailure(ErrorCode::Disposed, "The model has been disposed of.");
        }
        return Context::create(env, model_, std::move(decoder_));
    }

    void settled(Napi::Env env) override {
        releaseInBackground(std::move(decoder_));  // still here when result() refused
        core_.reset();
        model_->jobEnded(env);
    }

    std::shared_ptr<ModelState> model_;
    std::shared_ptr<const ModelCore> core_;
    ContextOptions options_;
    std::shared_ptr<Decoder> decoder_;
};

}  // namespace

Napi::Promise startContext(Napi::Env env, std::shared_ptr<ModelState> model,
                           const ContextOptions& options) {
    auto* worker = new ContextWorker(env, std::move(model), options);
    worker->Queue();
    return worker->promise();
}

}  // namespace foretoken
