#pragma once

#include <napi.h>

#include "options.h"

namespace foretoken {

/// Starts a load; returns the `ModelLoad` of engine/native/addon.d.ts.
Napi::Object startLoad(Napi::Env env, const ModelOptions& options);

}  // namespace foretoken
