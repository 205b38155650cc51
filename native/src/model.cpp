#include "model.h"

#include "addon-data.h"
#include "args.h"
#include "background-release.h"
#include "context.h"
#include "embeddings.h"
#include "library.h"
#include "model-info.h"
#include "trainer.h"
#include "values.h"
#include "worker.h"

namespace foretoken {

const std::shared_ptr<const ModelCore>& ModelState::core() const {
    if (closing()) throw NativeFailure(ErrorCode::Disposed, "The model has been disposed of.");
    return core_;
}

void ModelState::jobEnded(Napi::Env env) {
    --jobs_;
    freeWhenUnused(env);
}

void ModelState::userDisposed(Napi::Env env, ModelUser* user) {
    users_.erase(user);
    freeWhenUnused(env);
}

Napi::Promise ModelState::dispose(Napi::Env env) {
    return disposal_.request(env, [&] {
        // A copy: a user takes itself off the set.
        const std::unordered_set<ModelUser*> users = users_;
        for (ModelUser* user : users) user->disposeOf(env);
        freeWhenUnused(env);
    });
}

void ModelState::abandon() {
    if (closing()) return;
    disposal_.begin();
    releaseInBackground(std::const_pointer_cast<ModelCore>(std::exchange(core_, nullptr)));
}

void ModelState::freeWhenUnused(Napi::Env env) {
    if (!closing() || jobs_ > 0 || !users_.empty() || core_ == nullptr) return;
    auto core = std::const_pointer_cast<ModelCore>(std::exchange(core_, nullptr));
    (new ReleaseWorker(env, std::move(core), [state = shared_from_this()](Napi::Env done) {
        state->disposal_.done(done);
    }))->Queue();
}

namespace {

class EmbeddingsWorker : public PromiseWorker {
  public:
    EmbeddingsWorker(Napi::Env env, std::shared_ptr<ModelState> state, std::vector<int32_t> ids)
        : PromiseWorker(env, "foretoken:tokenEmbeddings", ErrorCode::ModelUnreadable),
          state_(std::move(state)),
          core_(state_->core()),
          ids_(std::move(ids)) {
        state_->jobStarted();
    }

  private:
    void run() override { values_ = readTokenEmbeddings(api(), *core_, ids_); }
    Napi::Value result(Napi::Env env) override { return toArray(env, values_); }
    void settled(Napi::Env env) override {
        core_.reset();
        state_->jobEnded(env);
    }

    std::shared_ptr<ModelState> state_;
    std::shared_ptr<const ModelCore> core_;
    std::vector<int32_t> ids_;
    std::vector<float> values_;
};

}  // namespace

Napi::Function Model::define(Napi::Env env) {
    return DefineClass(env, "NativeModel",
                       {
                           InstanceMethod<&Model::metadata>("metadata"),
                           InstanceMethod<&Model::tokenize>("tokenize"),
                           InstanceMethod<&Model::detokenize>("detokenize"),
                           InstanceMethod<&Model::isEndOfGeneration>("isEndOfGeneration"),
                           InstanceMethod<&Model::isControl>("isControl"),
                           InstanceMethod<&Model::tokenEmbeddings>("tokenEmbeddings"),
                           InstanceMethod<&Model::createContext>("createContext"),
                           InstanceMethod<&Model::createPromptTrainer>("createPromptTrainer"),
                           InstanceMethod<&Model::dispose>("dispose"),
                       });
}

Napi::Object Model::create(Napi::Env env, std::shared_ptr<const ModelCore> core) {
    return addonData(env).model.New(
        {Napi::External<std::shared_ptr<const ModelCore>>::New(env, &core)});
}

Model::Model(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Model>(info) {
    guarded(info.Env(), [&] {
        if (!info[0].IsExternal()) args::invalid("Models are made by loadModel.");
        auto core = *info[0].As<Napi::External<std::shared_ptr<const ModelCore>>>().Data();
        defineReadOnly(Value(), "info", describeModel(info.Env(), api(), *core));
        state_ = std::make_shared<ModelState>(std::move(core));
    });
}

Model::~Model() {
    if (state_) state_->abandon();
}

Napi::Value Model::metadata(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        const llama_model* model = state_->core()->model.get();
        const std::string key = args::string(info[0], "key");
        std::string value(256, '\0');
        const auto read = [&] {
            return api().llama_model_meta_val_str(model, key.c_str(), value.data(), value.size());
        };
        int32_t length = read();
        if (length < 0) return info.Env().Null();
        if (static_cast<size_t>(length) >= value.size()) {
            value.resize(static_cast<size_t>(length) + 1);
            length = read();
        }
        return Napi::String::New(info.Env(), value.data(), static_cast<size_t>(length));
    });
}

Napi::Value Model::tokenize(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        const auto& core = state_->core();
        const std::string text = args::string(info[0], "text");
        bool parseSpecial = false;
        if (!info[1].IsUndefined()) {
            const Napi::Object options = args::object(info[1], "options");
            parseSpecial = args::optionalBoolean(options, "parseSpecial").value_or(false);
        }
        return toArray(info.Env(), core->vocabulary.tokenize(text, parseSpecial));
    });
}

Napi::Value Model::detokenize(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        const auto& core = state_->core();
        const std::vector<int32_t> tokens = args::int32Array(info[0], "tokens");
        bool special = false;
        if (!info[1].IsUndefined()) {
            const Napi::Object options = args::object(info[1], "options");
            special = args::optionalBoolean(options, "special").value_or(false);
        }
        const std::string text = core->vocabulary.detokenize(tokens, special);
        Napi::Uint8Array bytes = Napi::Uint8Array::New(info.Env(), text.size());
        std::copy(text.begin(), text.end(), bytes.Data());
        return bytes;
    });
}

Napi::Value Model::isEndOfGeneration(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        const Vocabulary& vocabulary = state_->core()->vocabulary;
        const int32_t token = args::integer(info[0], "token", 0, vocabulary.size() - 1);
        return Napi::Boolean::New(info.Env(), vocabulary.isEndOfGeneration(token));
    });
}

Napi::Value Model::isControl(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        const Vocabulary& vocabulary = state_->core()->vocabulary;
        const int32_t token = args::integer(info[0], "token", 0, vocabulary.size() - 1);
        return Napi::Boolean::New(info.Env(), vocabulary.isControl(token));
    });
}

Napi::Value Model::tokenEmbeddings(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        std::vector<int32_t> ids = args::int32Array(info[0], "ids");
        state_->core()->vocabulary.check(ids);
        auto* worker = new EmbeddingsWorker(info.Env(), state_, std::move(ids));
        worker->Queue();
        return worker->promise();
    });
}

Napi::Value Model::createContext(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        state_->core();
        return startContext(info.Env(), state_, parseContextOptions(info[0]));
    });
}

Napi::Value Model::createPromptTrainer(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        state_->core();
        return startTrainer(info.Env(), state_, parseTrainerOptions(info[0]));
    });
}

Napi::Value Model::dispose(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return state_->dispose(info.Env()); });
}

}  // namespace foretoken
