#pragma once

#include <napi.h>

#include "model-core.h"

namespace foretoken {

/// The `ModelInfo` of engine/native/addon.d.ts.
Napi::Object describeModel(Napi::Env env, const Api& api, const ModelCore& core);

}  // namespace foretoken
