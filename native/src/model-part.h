// ModelPart: what the JavaScript objects of a context and of a trainer have in common.
//
// Threads: all of it runs on the main thread and is the only place that says who may use the core.
// While a call is running its worker owns the core, and every other call is refused; the cancel
// flag alone reaches in. `disposeOf` cancels and lets the end of the call start the release, so no
// thread ever waits for another.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <utility>

#include "args.h"
#include "background-release.h"
#include "disposal.h"
#include "model.h"
#include "worker.h"

namespace foretoken {

template <typename Self, typename Core>
class ModelPart : public Napi::ObjectWrap<Self>, public ModelUser {
  public:
    explicit ModelPart(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Self>(info) {}

    ~ModelPart() override {
        if (!model_) return;
        model_->userForgotten(this);
        releaseInBackground(std::move(core_));
    }

    Napi::Promise disposeOf(Napi::Env env) override {
        return disposal_.request(env, [&] {
            if (running_) {
                cancelFlag() = true;
            } else {
                release(env);
            }
        });
    }

    /// Told by the worker of a call, once its promise is settled.
    void callEnded(Napi::Env env) {
        running_ = false;
        if (disposal_.begun()) release(env);
        this->Unref();
    }

  protected:
    /// Ends the call that runs.
    virtual std::atomic<bool>& cancelFlag() = 0;

    /// To be called last in the constructor.
    void enterModel(std::shared_ptr<ModelState> model) {
        model_ = std::move(model);
        model_->userCreated(this);
    }

    /// Throws disposed, and invalid-argument while a call runs.
    Core& idleCore(const char* disposed, const char* running) const {
        if (disposal_.begun()) throw NativeFailure(ErrorCode::Disposed, disposed);
        if (running_) args::invalid(running);
        return *core_;
    }

    /// Ahead of a call, of which `callEnded` is told; the object lives as long.
    void callBegins() {
        cancelFlag() = false;  // of an earlier call
        running_ = true;
        this->Ref();
    }

    void cancelCall() {
        if (running_) cancelFlag() = true;
    }

    std::shared_ptr<Core> core_;

  private:
    void release(Napi::Env env) {
        this->Ref();  // until the release is done
        (new ReleaseWorker(env, std::move(core_), [this](Napi::Env done) {
            disposal_.done(done);
            model_->userDisposed(done, this);
            this->Unref();
        }))->Queue();
    }

    std::shared_ptr<ModelState> model_;
    Disposal disposal_;
    bool running_ = false;
};

}  // namespace foretoken
