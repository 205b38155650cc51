// What belongs to one environment (the main thread, or a worker thread of Node).
#pragma once

#include <napi.h>

#include <atomic>
#include <unordered_set>

namespace foretoken {

struct AddonData {
    // Not exported: models come from loadModel, contexts and trainers from a model.
    Napi::FunctionReference model;
    Napi::FunctionReference context;
    Napi::FunctionReference trainer;

    /// Flags that end what is running. Set when the process exits, since Node waits for all work
    /// under way before it lets go.
    std::unordered_set<std::atomic<bool>*> stopFlags;
};

inline AddonData& addonData(Napi::Env env) {
    return *env.GetInstanceData<AddonData>();
}

}  // namespace foretoken
