// Freeing what JavaScript forgot to dispose of. Finalisers run on the main thread, and freeing a
// context or a model takes milliseconds, so they hand over to a thread of their own.
#pragma once

#include <napi.h>

#include <memory>

namespace foretoken {

/// Gives up this reference soon, on another thread; at once when the environment is ending (a GPU
/// backend must not outlive its driver's exit handlers).
void releaseInBackground(std::shared_ptr<void> object);

/// Called once per environment: waits for the releases when it ends.
void prepareBackgroundRelease(Napi::Env env);

}  // namespace foretoken
