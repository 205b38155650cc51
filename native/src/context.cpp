#include "context.h"

#include "addon-data.h"
#include "args.h"
#include "values.h"
#include "worker.h"

namespace foretoken {

namespace {

constexpr int32_t kMostPositions = 1 << 30;

struct NewContext {
    std::shared_ptr<ModelState> model;
    std::shared_ptr<Decoder> decoder;
};

using Decode = std::function<std::optional<DecodeRows>(Decoder&)>;

class DecodeWorker : public PromiseWorker {
  public:
    DecodeWorker(Napi::Env env, Context* context, std::shared_ptr<Decoder> decoder, Decode decode)
        : PromiseWorker(env, "foretoken:decode", ErrorCode::DecodeFailed),
          context_(context),
          decoder_(std::move(decoder)),
          decode_(std::move(decode)) {
        addonData(env).stopFlags.insert(&decoder_->cancelRequested);
    }

  private:
    void run() override { rows_ = decode_(*decoder_); }

    Napi::Value result(Napi::Env env) override {
        Napi::Object object = Napi::Object::New(env);
        object.Set("kind", rows_ ? "done" : "cancelled");
        if (rows_) {
            object.Set("rows", rows_->rows);
            object.Set("topK", rows_->topK);
            object.Set("ids", toArray(env, rows_->ids));
            object.Set("logits", toArray(env, rows_->logits));
            object.Set("logSumExp", toArray(env, rows_->logSumExp));
        }
        return object;
    }

    void settled(Napi::Env env) override {
        addonData(env).stopFlags.erase(&decoder_->cancelRequested);
        decoder_.reset();
        context_->callEnded(env);
    }

    Context* context_;  // kept alive by its reference count
    std::shared_ptr<Decoder> decoder_;
    Decode decode_;
    std::optional<DecodeRows> rows_;
};

}  // namespace

Napi::Function Context::define(Napi::Env env) {
    return DefineClass(env, "NativeContext",
                       {
                           InstanceMethod<&Context::decode>("decode"),
                           InstanceMethod<&Context::decodeTree>("decodeTree"),
                           InstanceMethod<&Context::keepPath>("keepPath"),
                           InstanceMethod<&Context::setPromptEmbeddings>("setPromptEmbeddings"),
                           InstanceMethod<&Context::cancel>("cancel"),
                           InstanceMethod<&Context::sequenceLength>("sequenceLength"),
                           InstanceMethod<&Context::removeTokens>("removeTokens"),
                           InstanceMethod<&Context::copyTokens>("copyTokens"),
                           InstanceMethod<&Context::keepSequence>("keepSequence"),
                           InstanceMethod<&Context::debugLogits>("debugLogits"),
                           InstanceMethod<&Context::setThreads>("setThreads"),
                           InstanceMethod<&Context::dispose>("dispose"),
                       });
}

Napi::Object Context::create(Napi::Env env, std::shared_ptr<ModelState> model,
                             std::shared_ptr<Decoder> decoder) {
    NewContext made{std::move(model), std::move(decoder)};
    return addonData(env).context.New({Napi::External<NewContext>::New(env, &made)});
}

Context::Context(const Napi::CallbackInfo& info) : ModelPart(info) {
    const Napi::Env env = info.Env();
    guarded(env, [&] {
        if (!info[0].IsExternal()) args::invalid("Contexts are made by createContext.");
        NewContext& made = *info[0].As<Napi::External<NewContext>>().Data();
        core_ = std::move(made.decoder);
        const ContextOptions& options = core_->options();
        const auto number = [&](auto value) {
            return Napi::Number::New(env, static_cast<double>(value));
        };
        defineReadOnly(Value(), "contextLength", number(options.contextLength));
        defineReadOnly(Value(), "batchSize", number(options.batchSize));
        defineReadOnly(Value(), "outputRows", number(options.outputRows));
        defineReadOnly(Value(), "memoryBytes", number(core_->memoryBytes()));
        defineReadOnly(Value(), "supportsTrees", Napi::Boolean::New(env, core_->supportsTrees()));
        enterModel(std::move(made.model));
    });
}

Decoder& Context::idleDecoder() const {
    return idleCore("The context has been disposed of.", "A decode is running on this context.");
}

int32_t Context::sequence(const Napi::Value& value, const char* what) const {
    return args::integer(value, what, 0, core_->options().sequences - 1);
}

Napi::Value Context::decode(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        DecodeRequest request = parseDecodeRequest(info[0]);
        decoder.check(request);
        return start(info[0], [request = std::move(request)](Decoder& idle) {
            return idle.decode(request);
        });
    });
}

Napi::Value Context::decodeTree(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        TreeRequest request = parseTreeRequest(info[0]);
        decoder.check(request);
        return start(info[0], [request = std::move(request)](Decoder& idle) {
            return idle.decodeTree(request);
        });
    });
}

Napi::Promise Context::start(const Napi::Value& batch, Decode decode) {
    const bool blocking =
        args::optionalBoolean(batch.As<Napi::Object>(), "blocking").value_or(false);
    auto* worker = new DecodeWorker(batch.Env(), this, core_, std::move(decode));
    const Napi::Promise promise = worker->promise();
    callBegins();
    if (blocking) {
        worker->runHere();
    } else {
        worker->Queue();
    }
    return promise;
}

void Context::keepPath(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        decoder.keepPath(args::int32Array(info[0], "path"));
    });
}

void Context::setPromptEmbeddings(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        decoder.setPromptEmbeddings(args::float32Array(info[0], "rows"));
    });
}

void Context::cancel(const Napi::CallbackInfo&) {
    cancelCall();
}

Napi::Value Context::sequenceLength(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        return Napi::Number::New(info.Env(), decoder.sequenceLength(sequence(info[0], "sequence")));
    });
}

void Context::removeTokens(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        const int32_t from = args::integer(info[1], "from", 0, kMostPositions);
        const int32_t to = args::integer(info[2], "to", -1, kMostPositions);
        decoder.removeTokens(sequence(info[0], "sequence"), from, to);
    });
}

void Context::copyTokens(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        const int32_t from = args::integer(info[2], "from", 0, kMostPositions);
        const int32_t to = args::integer(info[3], "to", -1, kMostPositions);
        decoder.copyTokens(sequence(info[0], "source"), sequence(info[1], "target"), from, to);
    });
}

void Context::keepSequence(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        decoder.keepSequence(sequence(info[0], "sequence"));
    });
}

Napi::Value Context::debugLogits(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        const int32_t row = args::integer(info[0], "row", 0, kMostPositions);
        return toArray(info.Env(), decoder.logits(row));
    });
}

void Context::setThreads(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
        Decoder& decoder = idleDecoder();
        decoder.setThreads(args::integer(info[0], "threads", 1, kMostThreads),
                           args::integer(info[1], "batchThreads", 1, kMostThreads));
    });
}

Napi::Value Context::dispose(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return disposeOf(info.Env()); });
}

}  // namespace foretoken
