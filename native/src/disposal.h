// Disposing of something that may be at work on another thread.
#pragma once

#include <napi.h>

#include <utility>
#include <vector>

namespace foretoken {

/// Asked for any number of times, it happens once, and everybody who asked is told when it is done.
/// Main thread only.
class Disposal {
  public:
    bool begun() const { return begun_; }

    /// Nobody is to be told.
    void begin() { begun_ = true; }

    /// `first` runs for the first one who asks.
    template <typename First>
    Napi::Promise request(Napi::Env env, First first) {
        const auto deferred = Napi::Promise::Deferred::New(env);
        if (done_) {
            deferred.Resolve(env.Undefined());
            return deferred.Promise();
        }
        waiting_.push_back(deferred);
        if (!std::exchange(begun_, true)) first();
        return deferred.Promise();
    }

    void done(Napi::Env env) {
        done_ = true;
        for (const auto& deferred : std::exchange(waiting_, {})) deferred.Resolve(env.Undefined());
    }

  private:
    bool begun_ = false;
    bool done_ = false;
    std::vector<Napi::Promise::Deferred> waiting_;
};

}  // namespace foretoken
