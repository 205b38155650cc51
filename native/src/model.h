// NativeModel: the JavaScript object of a loaded model.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_set>

#include "disposal.h"
#include "model-core.h"

namespace foretoken {

/// What lives on a model: a context, a trainer.
class ModelUser {
  public:
    virtual ~ModelUser() = default;
    virtual Napi::Promise disposeOf(Napi::Env env) = 0;
};

/// What a model, its users and its running jobs share. Main thread only. The model is freed when it
/// has been disposed of and the last user and the last job are gone.
class ModelState : public std::enable_shared_from_this<ModelState> {
  public:
    explicit ModelState(std::shared_ptr<const ModelCore> core) : core_(std::move(core)) {}

    /// Throws disposed.
    const std::shared_ptr<const ModelCore>& core() const;
    bool closing() const { return disposal_.begun(); }

    void jobStarted() { ++jobs_; }
    void jobEnded(Napi::Env env);
    void userCreated(ModelUser* user) { users_.insert(user); }
    void userForgotten(ModelUser* user) { users_.erase(user); }
    void userDisposed(Napi::Env env, ModelUser* user);

    Napi::Promise dispose(Napi::Env env);
    /// Without a promise: the JavaScript object was garbage-collected.
    void abandon();

  private:
    void freeWhenUnused(Napi::Env env);

    std::shared_ptr<const ModelCore> core_;
    std::unordered_set<ModelUser*> users_;
    int jobs_ = 0;
    Disposal disposal_;
};

class Model : public Napi::ObjectWrap<Model> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<const ModelCore> core);

    explicit Model(const Napi::CallbackInfo& info);
    ~Model() override;

  private:
    Napi::Value metadata(const Napi::CallbackInfo& info);
    Napi::Value tokenize(const Napi::CallbackInfo& info);
    Napi::Value detokenize(const Napi::CallbackInfo& info);
    Napi::Value isEndOfGeneration(const Napi::CallbackInfo& info);
    Napi::Value isControl(const Napi::CallbackInfo& info);
    Napi::Value tokenEmbeddings(const Napi::CallbackInfo& info);
    Napi::Value createContext(const Napi::CallbackInfo& info);
    Napi::Value createPromptTrainer(const Napi::CallbackInfo& info);
    Napi::Value dispose(const Napi::CallbackInfo& info);

    std::shared_ptr<ModelState> state_;
};

}  // namespace foretoken
