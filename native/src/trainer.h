// PromptTrainer: the JavaScript object of a trainer. Threads: see model-part.h; its worker owns the
// TrainerCore while a call runs.
#pragma once

#include <napi.h>

#include <memory>

#include "model-part.h"
#include "trainer-core.h"

namespace foretoken {

class PromptTrainer : public ModelPart<PromptTrainer, TrainerCore> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<ModelState> model,
                               std::shared_ptr<TrainerCore> core, CancelFlag cancelled);

    explicit PromptTrainer(const Napi::CallbackInfo& info);

  private:
    std::atomic<bool>& cancelFlag() override { return *cancelled_; }

    Napi::Value load(const Napi::CallbackInfo& info);
    Napi::Value gradient(const Napi::CallbackInfo& info);
    void cancel(const Napi::CallbackInfo& info);
    Napi::Value dispose(const Napi::CallbackInfo& info);

    /// Throws disposed, and invalid-argument while a call runs.
    TrainerCore& idleTrainer() const;
    template <typename Worker, typename Argument>
    Napi::Promise start(Napi::Env env, Argument argument);

    CancelFlag cancelled_;
};

TrainerOptions parseTrainerOptions(const Napi::Value& value);

/// Makes a trainer on a worker thread; the promise of a PromptTrainer.
Napi::Promise startTrainer(Napi::Env env, std::shared_ptr<ModelState> model,
                           const TrainerOptions& options);

}  // namespace foretoken
