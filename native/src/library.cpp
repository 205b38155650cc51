#include "library.h"

#include <llama-release.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <regex>

#include "dynamic-library.h"
#include "errors.h"
#include "log.h"

namespace foretoken {

namespace fs = std::filesystem;

namespace {

struct Libraries {
    fs::path directory;
    DynamicLibrary base;
    DynamicLibrary ggml;
    DynamicLibrary llama;
    Api api;
};

std::mutex mutex;
// Leaked on purpose: worker threads may still use the table while the process exits.
const Libraries* opened = nullptr;

[[noreturn]] void mismatch(const std::string& message) {
    throw NativeFailure(ErrorCode::LibraryMismatch, message);
}

std::string escaped(const std::string& text) {
    return std::regex_replace(text, std::regex("\\."), "\\.");
}

/// File names carry a variant and a version, e.g. libllama.vulkan.v0.4.0.so, ggml.v0.4.0.dll.
fs::path findLibrary(const fs::path& directory, const std::string& stem) {
    const std::regex pattern("(lib)?" + escaped(stem) + "(\\.[a-z0-9_-]+)*(\\.v[0-9.]+[0-9])?" +
                             escaped(librarySuffix()));
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        if (std::regex_match(entry.path().filename().u8string(), pattern)) return entry.path();
    }
    throw NativeFailure(ErrorCode::LibraryUnreadable,
                        "There is no " + stem + " library in " + directory.u8string() + ".");
}

/// The loader binds a library to an equally named one that is loaded already, wherever that one
/// came from: two releases in one process would corrupt each other silently.
void refuseOtherCopy(const fs::path& file) {
    const auto loaded = loadedLibrary(file.filename().u8string());
    std::error_code error;
    if (loaded && !fs::equivalent(*loaded, file, error)) {
        mismatch(file.filename().u8string() + " is loaded already from " + loaded->u8string() +
                 "; a process can use the libraries of one directory only.");
    }
}

/// node-llama-cpp writes down what it built; a directory without the note is checked by version.
void checkBuildMetadata(const fs::path& directory) {
    std::ifstream stream(directory / "_nlcBuildMetadata.json");
    if (!stream) return;
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    std::smatch match;
    if (std::regex_search(text, match, std::regex("\"release\"\\s*:\\s*\"([^\"]*)\"")) &&
        match[1] != FORETOKEN_LLAMA_RELEASE) {
        mismatch("The libraries in " + directory.u8string() + " are llama.cpp " + match[1].str() +
                 "; this build needs " FORETOKEN_LLAMA_RELEASE ".");
    }
}

/// llama_version() says "0.4.0" or "0.4.0-dev" for the release v0.4.0.
void checkVersions(const Api& api) {
    const std::string wanted = std::string(FORETOKEN_LLAMA_RELEASE).substr(1);
    const std::string llama = api.llama_version();
    const std::string ggml = api.ggml_version();
    if (llama != wanted && llama.rfind(wanted + "-", 0) != 0) {
        mismatch("The llama library is version " + llama + "; this build needs " + wanted + ".");
    }
    const std::string wantedGgml = FORETOKEN_GGML_VERSION;
    if (!wantedGgml.empty() && ggml != wantedGgml && ggml.rfind(wantedGgml + "-", 0) != 0) {
        mismatch("The ggml library is version " + ggml + "; this build needs " + wantedGgml + ".");
    }
}

/// Known defaults near the start, in the middle and at the end of the structures: a library with
/// another layout shows at least one of them in the wrong place.
void checkLayouts(const Api& api) {
    const llama_model_params model = api.llama_model_default_params();
    const llama_context_params context = api.llama_context_default_params();
    const bool modelFits = model.devices == nullptr && model.n_gpu_layers == -1 &&
                           model.split_mode == LLAMA_SPLIT_MODE_LAYER &&
                           model.load_mode == LLAMA_LOAD_MODE_AUTO && model.main_gpu == 0 &&
                           model.kv_overrides == nullptr && !model.vocab_only &&
                           model.use_extra_bufts && !model.load_mtp;
    const bool contextFits =
        context.n_ctx == 512 && context.n_batch == 2048 && context.n_seq_max == 1 &&
        context.flash_attn_type == LLAMA_FLASH_ATTN_TYPE_AUTO && context.yarn_ext_factor == -1.0F &&
        context.type_k == GGML_TYPE_F16 && context.abort_callback == nullptr &&
        context.offload_kqv && context.swa_full && !context.kv_unified && context.n_samplers == 0 &&
        context.ctx_other == nullptr;
    if (!modelFits || !contextFits) {
        mismatch("The llama library's structures are not those of " FORETOKEN_LLAMA_RELEASE ".");
    }
}

Api loadApi(const DynamicLibrary& base, const DynamicLibrary& ggml, const DynamicLibrary& llama) {
    Api api;
#define FORETOKEN_LOAD(library, name) \
    api.name = reinterpret_cast<decltype(&::name)>((library).symbol(#name));
#define FORETOKEN_BASE(name) FORETOKEN_LOAD(base, name)
#define FORETOKEN_GGML(name) FORETOKEN_LOAD(ggml, name)
#define FORETOKEN_LLAMA(name) FORETOKEN_LOAD(llama, name)
    FORETOKEN_GGML_BASE_FUNCTIONS(FORETOKEN_BASE)
    FORETOKEN_GGML_FUNCTIONS(FORETOKEN_GGML)
    FORETOKEN_LLAMA_FUNCTIONS(FORETOKEN_LLAMA)
#undef FORETOKEN_BASE
#undef FORETOKEN_GGML
#undef FORETOKEN_LLAMA
#undef FORETOKEN_LOAD
    return api;
}

std::unique_ptr<Libraries> load(const fs::path& directory) {
    const fs::path base = findLibrary(directory, "ggml-base");
    const fs::path ggml = findLibrary(directory, "ggml");
    const fs::path llama = findLibrary(directory, "llama");
    checkBuildMetadata(directory);
    for (const fs::path& file : {base, ggml, llama}) refuseOtherCopy(file);
    // In the order of their dependencies.
    DynamicLibrary baseLibrary(base);
    DynamicLibrary ggmlLibrary(ggml);
    DynamicLibrary llamaLibrary(llama);
    const Api api = loadApi(baseLibrary, ggmlLibrary, llamaLibrary);
    checkVersions(api);
    checkLayouts(api);
    return std::make_unique<Libraries>(
        Libraries{directory, baseLibrary, ggmlLibrary, llamaLibrary, api});
}

const char* typeName(enum ggml_backend_dev_type type) {
    switch (type) {
        case GGML_BACKEND_DEVICE_TYPE_CPU:
            return "cpu";
        case GGML_BACKEND_DEVICE_TYPE_GPU:
            return "gpu";
        case GGML_BACKEND_DEVICE_TYPE_IGPU:
            return "integrated-gpu";
        default:
            return "accelerator";
    }
}

LibraryInfo describe(const Libraries& libraries) {
    const Api& api = libraries.api;
    LibraryInfo info{libraries.directory.u8string(), api.llama_version(), api.ggml_commit(), {}};
    for (size_t index = 0; index < api.ggml_backend_dev_count(); ++index) {
        ggml_backend_dev_t device = api.ggml_backend_dev_get(index);
        size_t free = 0;
        size_t total = 0;
        api.ggml_backend_dev_memory(device, &free, &total);
        info.devices.push_back({api.ggml_backend_dev_name(device),
                                api.ggml_backend_dev_description(device),
                                typeName(api.ggml_backend_dev_type(device)), total, free});
    }
    return info;
}

}  // namespace

LibraryInfo openLibraries(const std::string& directory) {
    const std::lock_guard<std::mutex> lock(mutex);
    std::error_code error;
    const fs::path path = fs::canonical(pathFromUtf8(directory), error);
    if (error || !fs::is_directory(path, error)) {
        throw NativeFailure(ErrorCode::LibraryUnreadable, directory + " is not a directory.");
    }
    if (opened != nullptr) {
        if (path == opened->directory) return describe(*opened);
        mismatch("The libraries of " + opened->directory.u8string() +
                 " are open already; a process can use the libraries of one directory only.");
    }
    std::unique_ptr<Libraries> libraries = load(path);
    const Api& api = libraries->api;
    log::install(api);
    // Backends register process-wide; node-llama-cpp's own addon may have loaded them already.
    if (api.ggml_backend_reg_count() == 0) {
        api.ggml_backend_load_all_from_path(path.u8string().c_str());
    }
    if (api.ggml_backend_dev_count() == 0) {
        throw NativeFailure(ErrorCode::LibraryUnreadable,
                            "No ggml backend in " + path.u8string() + " runs on this machine.");
    }
    api.llama_backend_init();
    opened = libraries.release();
    return describe(*opened);
}

const Api& api() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (opened == nullptr) {
        throw NativeFailure(ErrorCode::InvalidArgument, "openLibraries must be called first.");
    }
    return opened->api;
}

}  // namespace foretoken
