// Work on a libuv thread whose outcome settles a promise.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "errors.h"

namespace foretoken {

/// Subclasses implement `run` (worker thread, no JavaScript), `result` (main thread, after success)
/// and, where they hold something, `settled` (main thread, after the promise is settled, always;
/// JavaScript that awaits the promise runs later). Deletes itself. Nothing thrown in `run` escapes:
/// it rejects the promise.
class PromiseWorker : public Napi::AsyncWorker {
  public:
    PromiseWorker(Napi::Env env, const char* name, ErrorCode fallback)
        : Napi::AsyncWorker(env, name),
          deferred_(Napi::Promise::Deferred::New(env)),
          fallback_(fallback) {}

    Napi::Promise promise() const { return deferred_.Promise(); }

    /// Instead of Queue: all of it on the calling thread. The worker is gone afterwards.
    void runHere() {
        Execute();
        OnOK();
        Destroy();
    }

  protected:
    virtual void run() = 0;
    virtual Napi::Value result(Napi::Env env) { return env.Undefined(); }
    virtual void settled(Napi::Env) {}

  private:
    void Execute() final {
        try {
            run();
        } catch (...) {
            failure_ = currentFailure(fallback_);
        }
    }

    void OnOK() final {
        const Napi::Env env = Env();
        try {
            if (failure_) throw toJavaScript(env, *failure_);
            deferred_.Resolve(guarded(env, [&] { return result(env); }));
        } catch (const Napi::Error& error) {
            deferred_.Reject(error.Value());
        }
        settled(env);
    }

    Napi::Promise::Deferred deferred_;
    ErrorCode fallback_;
    std::optional<NativeFailure> failure_;
};

/// Gives up an object on a worker thread, then calls back on the main thread.
class ReleaseWorker : public PromiseWorker {
  public:
    ReleaseWorker(Napi::Env env, std::shared_ptr<void> object, std::function<void(Napi::Env)> done)
        : PromiseWorker(env, "foretoken:release", ErrorCode::DecodeFailed),
          object_(std::move(object)),
          done_(std::move(done)) {}

  private:
    void run() override { object_.reset(); }
    void settled(Napi::Env env) override { done_(env); }

    std::shared_ptr<void> object_;
    std::function<void(Napi::Env)> done_;
};

}  // namespace foretoken
