#include "addon-data.h"
#include "args.h"
#include "background-release.h"
#include "library.h"
#include "options.h"
#include "trainer.h"
#include "worker.h"

namespace foretoken {

namespace {

// Limits that keep the products below (rows x values) far from overflow.
constexpr int32_t kMostPromptTokens = 16;
constexpr int32_t kMostEnsemble = 64;
constexpr int32_t kMostWindow = 1 << 20;
constexpr int32_t kMostInsertions = 1 << 14;

/// A user of the model already while it works, so that the model's disposal ends it: reading a
/// large model's weights takes long.
class CreateTrainerWorker : public PromiseWorker, public ModelUser {
  public:
    CreateTrainerWorker(Napi::Env env, std::shared_ptr<ModelState> model,
                        const TrainerOptions& options)
        : PromiseWorker(env, "foretoken:createPromptTrainer", ErrorCode::ModelUnsupported),
          model_(std::move(model)),
          modelCore_(model_->core()),
          options_(options),
          cancelled_(std::make_shared<std::atomic<bool>>(false)) {
        addonData(env).stopFlags.insert(cancelled_.get());
        model_->userCreated(this);
    }

    Napi::Promise disposeOf(Napi::Env env) override {
        *cancelled_ = true;
        const auto deferred = Napi::Promise::Deferred::New(env);
        deferred.Resolve(env.Undefined());
        return deferred.Promise();
    }

  private:
    void run() override {
        try {
            core_ = std::make_shared<TrainerCore>(api(), modelCore_, options_, cancelled_);
        } catch (const NativeFailure& failure) {
            if (failure.code() == ErrorCode::Aborted) throwDisposed();
            throw;
        }
    }

    Napi::Value result(Napi::Env env) override {
        if (model_->closing()) throwDisposed();
        return PromptTrainer::create(env, model_, std::move(core_), cancelled_);
    }

    void settled(Napi::Env env) override {
        addonData(env).stopFlags.erase(cancelled_.get());
        releaseInBackground(std::move(core_));  // still here when result() refused
        modelCore_.reset();
        model_->userDisposed(env, this);
    }

    [[noreturn]] static void throwDisposed() {
        throw NativeFailure(ErrorCode::Disposed, "The model has been disposed of.");
    }

    std::shared_ptr<ModelState> model_;
    std::shared_ptr<const ModelCore> modelCore_;
    TrainerOptions options_;
    CancelFlag cancelled_;
    std::shared_ptr<TrainerCore> core_;
};

}  // namespace

TrainerOptions parseTrainerOptions(const Napi::Value& value) {
    const Napi::Object object = args::object(value, "options");
    const auto integer = [&](const char* key, int32_t least, int32_t most) {
        return args::integer(object.Get(key), key, least, most);
    };
    TrainerOptions options;
    options.count = integer("count", 1, kMostPromptTokens);
    options.ensemble = integer("ensemble", 1, kMostEnsemble);
    options.windowLength = integer("windowLength", options.count + 1, kMostWindow);
    options.insertions = integer("insertions", 1, kMostInsertions);
    options.threads = integer("threads", 1, kMostThreads);
    options.compactWeights = args::optionalBoolean(object, "compactWeights");
    return options;
}

Napi::Promise startTrainer(Napi::Env env, std::shared_ptr<ModelState> model,
                           const TrainerOptions& options) {
    auto* worker = new CreateTrainerWorker(env, std::move(model), options);
    worker->Queue();
    return worker->promise();
}

}  // namespace foretoken
