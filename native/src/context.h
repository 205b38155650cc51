// NativeContext: the JavaScript object of a decoding context. Threads: see model-part.h; its worker
// owns the Decoder while a decode runs.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>

#include "decoder.h"
#include "model-part.h"

namespace foretoken {

class Context : public ModelPart<Context, Decoder> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<ModelState> model,
                               std::shared_ptr<Decoder> decoder);

    explicit Context(const Napi::CallbackInfo& info);

  private:
    std::atomic<bool>& cancelFlag() override { return core_->cancelRequested; }

    Napi::Value decode(const Napi::CallbackInfo& info);
    Napi::Value decodeTree(const Napi::CallbackInfo& info);
    void keepPath(const Napi::CallbackInfo& info);
    void setPromptEmbeddings(const Napi::CallbackInfo& info);
    void cancel(const Napi::CallbackInfo& info);
    Napi::Value sequenceLength(const Napi::CallbackInfo& info);
    void removeTokens(const Napi::CallbackInfo& info);
    void copyTokens(const Napi::CallbackInfo& info);
    void keepSequence(const Napi::CallbackInfo& info);
    Napi::Value debugLogits(const Napi::CallbackInfo& info);
    void setThreads(const Napi::CallbackInfo& info);
    Napi::Value dispose(const Napi::CallbackInfo& info);

    /// Throws disposed, and invalid-argument while a decode runs.
    Decoder& idleDecoder() const;
    int32_t sequence(const Napi::Value& value, const char* what) const;
    /// `batch` says where it runs.
    Napi::Promise start(const Napi::Value& batch,
                        std::function<std::optional<DecodeRows>(Decoder&)> decode);
};

/// Makes a context on a worker thread; the promise of a NativeContext.
Napi::Promise startContext(Napi::Env env, std::shared_ptr<ModelState> model,
                           const ContextOptions& options);

}  // namespace foretoken
