// PromptTrainer: the JavaScript object of a trainer. Threads as in context.h: all of PromptTrainer
// runs on the main thread; while a call runs its worker owns the TrainerCore, and `cancel` alone
// reaches in.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <vector>

#include "model.h"
#include "trainer-core.h"

namespace foretoken {

class PromptTrainer : public Napi::ObjectWrap<PromptTrainer>, public ModelUser {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<ModelState> model,
                               std::shared_ptr<TrainerCore> core, CancelFlag cancelled);

    explicit PromptTrainer(const Napi::CallbackInfo& info);
    ~PromptTrainer() override;

    Napi::Promise disposeOf(Napi::Env env) override;
    void callEnded(Napi::Env env);

  private:
    Napi::Value load(const Napi::CallbackInfo& info);
    Napi::Value gradient(const Napi::CallbackInfo& info);
    void cancel(const Napi::CallbackInfo& info);
    Napi::Value dispose(const Napi::CallbackInfo& info);

    /// Throws disposed, and invalid-argument while a call runs.
    TrainerCore& idleCore() const;
    template <typename Worker, typename Argument>
    Napi::Promise start(Napi::Env env, Argument argument);
    void release(Napi::Env env);

    std::shared_ptr<ModelState> model_;
    std::shared_ptr<TrainerCore> core_;
    CancelFlag cancelled_;
    bool running_ = false;
    bool closing_ = false;
    bool freed_ = false;
    std::vector<Napi::Promise::Deferred> waiting_;
};

TrainerOptions parseTrainerOptions(const Napi::Value& value);

/// Makes a trainer on a worker thread; the promise of a PromptTrainer.
Napi::Promise startTrainer(Napi::Env env, std::shared_ptr<ModelState> model,
                           const TrainerOptions& options);

}  // namespace foretoken
