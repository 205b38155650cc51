// The constructors of an environment's classes. They are not exported: models come from loadModel
// and contexts from createContext.
#pragma once

#include <napi.h>

namespace foretoken {

struct AddonData {
    Napi::FunctionReference model;
    Napi::FunctionReference context;
};

inline AddonData& addonData(Napi::Env env) {
    return *env.GetInstanceData<AddonData>();
}

}  // namespace foretoken
