// NativeContext: the JavaScript object of a decoding context.
//
// Threads: all of Context runs on the main thread and is the only place that says who may use the
// Decoder. While a decode is running (`decoding_`) its worker owns the Decoder, and every other
// call is refused; `cancel` alone reaches in, through an atomic. `disposeOf` cancels and lets the
// end of the decode start the release, so no thread ever waits for another.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "decoder.h"
#include "model.h"

namespace foretoken {

class Context : public Napi::ObjectWrap<Context>, public ModelUser {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<ModelState> model,
                               std::shared_ptr<Decoder> decoder);

    explicit Context(const Napi::CallbackInfo& info);
    ~Context() override;

    Napi::Promise disposeOf(Napi::Env env) override;
    void decodeEnded(Napi::Env env);

  private:
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
    void release(Napi::Env env);

    std::shared_ptr<ModelState> model_;
    std::shared_ptr<Decoder> decoder_;
    bool decoding_ = false;
    bool closing_ = false;
    bool freed_ = false;
    std::vector<Napi::Promise::Deferred> waiting_;
};

/// Makes a context on a worker thread; the promise of a NativeContext.
Napi::Promise startContext(Napi::Env env, std::shared_ptr<ModelState> model,
                           const ContextOptions& options);

}  // namespace foretoken
