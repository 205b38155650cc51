// The addon's exports. The whole surface is described in engine/native/addon.d.ts.
#include <llama-release.h>
#include <napi.h>

#include "addon-data.h"
#include "args.h"
#include "background-release.h"
#include "context.h"
#include "gguf-content.h"
#include "gguf-write.h"
#include "library.h"
#include "load-model.h"
#include "log.h"
#include "model.h"
#include "trainer.h"

namespace foretoken {

static Napi::Value openLibrariesFromJavaScript(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    return guarded(env, [&]() -> Napi::Value {
        const LibraryInfo opened = openLibraries(args::string(info[0], "directory"));
        Napi::Array devices = Napi::Array::New(env);
        for (const Device& device : opened.devices) {
            Napi::Object entry = Napi::Object::New(env);
            entry.Set("name", device.name);
            entry.Set("description", device.description);
            entry.Set("type", device.type);
            entry.Set("memoryTotal", static_cast<double>(device.memoryTotal));
            entry.Set("memoryFree", static_cast<double>(device.memoryFree));
            devices.Set(devices.Length(), entry);
        }
        Napi::Object result = Napi::Object::New(env);
        result.Set("directory", opened.directory);
        result.Set("llamaVersion", opened.llamaVersion);
        result.Set("ggmlCommit", opened.ggmlCommit);
        result.Set("devices", devices);
        return result;
    });
}

static Napi::Value loadModelFromJavaScript(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return startLoad(info.Env(), parseModelOptions(info[0])); });
}

static void setLoggerFromJavaScript(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { log::setLogger(info.Env(), args::function(info[0], "logger")); });
}

static void writeGgufFromJavaScript(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] {
        const std::string path = args::path(info[0], "path");
        writeGguf(api(), path, parseGgufContent(info[1], info[2]));
    });
}

static void stopWhenProcessExits(Napi::Env env) {
    const auto process = env.Global().Get("process").As<Napi::Object>();
    const auto stop = Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
        for (std::atomic<bool>* flag : addonData(info.Env()).stopFlags) *flag = true;
    });
    process.Get("once").As<Napi::Function>().Call(process, {Napi::String::New(env, "exit"), stop});
}

static Napi::Object initialise(Napi::Env env, Napi::Object exports) {
    auto* data = new AddonData();
    env.SetInstanceData(data);  // owns it
    data->model = Napi::Persistent(Model::define(env));
    data->context = Napi::Persistent(Context::define(env));
    data->trainer = Napi::Persistent(PromptTrainer::define(env));
    prepareBackgroundRelease(env);
    stopWhenProcessExits(env);
    exports.Set("builtFor", FORETOKEN_LLAMA_RELEASE);
    exports.Set("openLibraries",
                Napi::Function::New(env, openLibrariesFromJavaScript, "openLibraries"));
    exports.Set("loadModel", Napi::Function::New(env, loadModelFromJavaScript, "loadModel"));
    exports.Set("writeGguf", Napi::Function::New(env, writeGgufFromJavaScript, "writeGguf"));
    exports.Set("setLogger", Napi::Function::New(env, setLoggerFromJavaScript, "setLogger"));
    return exports;
}

NODE_API_MODULE(foretoken, initialise)

}  // namespace foretoken
