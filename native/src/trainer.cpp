#include "trainer.h"

#include "addon-data.h"
#include "args.h"
#include "values.h"
#include "worker.h"

namespace foretoken {

namespace {

struct NewTrainer {
    std::shared_ptr<ModelState> model;
    std::shared_ptr<TrainerCore> core;
    CancelFlag cancelled;
};

/// A call on a worker thread; subclasses set `done_` unless it was cancelled.
class TrainerWorker : public PromiseWorker {
  public:
    TrainerWorker(Napi::Env env, PromptTrainer* trainer, std::shared_ptr<TrainerCore> core,
                  CancelFlag cancelled)
        : PromiseWorker(env, "foretoken:train", ErrorCode::DecodeFailed),
          core_(std::move(core)),
          trainer_(trainer),
          cancelled_(std::move(cancelled)) {
        addonData(env).stopFlags.insert(cancelled_.get());
    }

  protected:
    Napi::Value result(Napi::Env env) override {
        Napi::Object object = Napi::Object::New(env);
        object.Set("kind", done_ ? "done" : "cancelled");
        if (done_) describe(env, object);
        return object;
    }
    virtual void describe(Napi::Env, Napi::Object) {}

    std::shared_ptr<TrainerCore> core_;
    bool done_ = false;

  private:
    void settled(Napi::Env env) override {
        addonData(env).stopFlags.erase(cancelled_.get());
        core_.reset();
        trainer_->callEnded(env);
    }

    PromptTrainer* trainer_;  // kept alive by its reference count
    CancelFlag cancelled_;
};

class LoadWindowWorker : public TrainerWorker {
  public:
    LoadWindowWorker(Napi::Env env, PromptTrainer* trainer, std::shared_ptr<TrainerCore> core,
                     CancelFlag cancelled, std::vector<int32_t> tokens)
        : TrainerWorker(env, trainer, std::move(core), std::move(cancelled)),
          tokens_(std::move(tokens)) {}

  private:
    void run() override { done_ = core_->load(tokens_); }

    std::vector<int32_t> tokens_;
};

class GradientWorker : public TrainerWorker {
  public:
    GradientWorker(Napi::Env env, PromptTrainer* trainer, std::shared_ptr<TrainerCore> core,
                   CancelFlag cancelled, GradientRequest request)
        : TrainerWorker(env, trainer, std::move(core), std::move(cancelled)),
          request_(std::move(request)) {}

  private:
    void run() override {
        gradient_ = core_->gradient(request_);
        done_ = gradient_.has_value();
    }
    void describe(Napi::Env env, Napi::Object object) override {
        object.Set("lossByDistance", toArray(env, gradient_->lossByDistance));
        object.Set("gradient", toArray(env, gradient_->values));
    }

    GradientRequest request_;
    std::optional<Gradient> gradient_;
};

}  // namespace

Napi::Function PromptTrainer::define(Napi::Env env) {
    return DefineClass(env, "PromptTrainer",
                       {
                           InstanceMethod<&PromptTrainer::load>("load"),
                           InstanceMethod<&PromptTrainer::gradient>("gradient"),
                           InstanceMethod<&PromptTrainer::cancel>("cancel"),
                           InstanceMethod<&PromptTrainer::dispose>("dispose"),
                       });
}

Napi::Object PromptTrainer::create(Napi::Env env, std::shared_ptr<ModelState> model,
                                   std::shared_ptr<TrainerCore> core, CancelFlag cancelled) {
    NewTrainer made{std::move(model), std::move(core), std::move(cancelled)};
    return addonData(env).trainer.New({Napi::External<NewTrainer>::New(env, &made)});
}

PromptTrainer::PromptTrainer(const Napi::CallbackInfo& info) : ModelPart(info) {
    const Napi::Env env = info.Env();
    guarded(env, [&] {
        if (!info[0].IsExternal()) args::invalid("Trainers are made by createPromptTrainer.");
        NewTrainer& made = *info[0].As<Napi::External<NewTrainer>>().Data();
        core_ = std::move(made.core);
        cancelled_ = std::move(made.cancelled);
        const auto number = [&](double value) { return Napi::Number::New(env, value); };
        defineReadOnly(Value(), "memoryBytes", number(static_cast<double>(core_->memoryBytes())));
        defineReadOnly(Value(), "selfCheckDifference",
                       number(static_cast<double>(core_->selfCheckDifference())));
        enterModel(std::move(made.model));
    });
}

TrainerCore& PromptTrainer::idleTrainer() const {
    return idleCore("The trainer has been disposed of.", "A call is running on this trainer.");
}

template <typename Worker, typename Argument>
Napi::Promise PromptTrainer::start(Napi::Env env, Argument argument) {
    auto* worker = new Worker(env, this, core_, cancelled_, std::move(argument));
    const Napi::Promise promise = worker->promise();
    callBegins();
    worker->Queue();
    return promise;
}

Napi::Value PromptTrainer::load(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        const TrainerCore& core = idleTrainer();
        std::vector<int32_t> tokens = args::int32Array(info[0], "tokens");
        core.checkTokens(tokens);
        return start<LoadWindowWorker>(info.Env(), std::move(tokens));
    });
}

Napi::Value PromptTrainer::gradient(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        const TrainerCore& core = idleTrainer();
        GradientRequest request;
        request.rows = args::float32Array(info[0], "rows");
        request.insertions = args::int32Array(info[1], "insertions");
        const Napi::Object options = args::object(info[2], "options");
        request.decay = args::number(options.Get("decay"), "decay", 0, 1);
        core.check(request);
        return start<GradientWorker>(info.Env(), std::move(request));
    });
}

void PromptTrainer::cancel(const Napi::CallbackInfo&) {
    cancelCall();
}

Napi::Value PromptTrainer::dispose(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return disposeOf(info.Env()); });
}

}  // namespace foretoken
