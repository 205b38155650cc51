#include "log.h"

#include <atomic>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <utility>

namespace foretoken::log {

namespace {

constexpr size_t kMostPendingLines = 4096;
constexpr size_t kMostErrorLines = 4;

struct Line {
    ggml_log_level level;
    std::string text;
};

/// The way to JavaScript. Leaked on purpose: threads may still log while the process exits.
struct Forwarder {
    std::mutex mutex;
    std::deque<Line> pending;
    bool scheduled = false;
    bool active = false;
    uint64_t generation = 0;  // of the logger: a replaced one gets no more lines
    Napi::ThreadSafeFunction logger;
};

Forwarder& forwarder() {
    static auto* instance = new Forwarder();
    return *instance;
}

thread_local LogCapture* capture = nullptr;

const char* levelName(ggml_log_level level) {
    switch (level) {
        case GGML_LOG_LEVEL_ERROR:
            return "error";
        case GGML_LOG_LEVEL_WARN:
            return "warn";
        case GGML_LOG_LEVEL_INFO:
            return "info";
        default:
            return "debug";
    }
}

void deliver(Napi::Env env, Napi::Function logger, uint64_t generation) {
    Forwarder& source = forwarder();
    std::deque<Line> lines;
    {
        const std::lock_guard<std::mutex> lock(source.mutex);
        if (source.generation != generation) return;
        lines.swap(source.pending);
        source.scheduled = false;
    }
    for (const Line& line : lines) {
        logger.Call(
            {Napi::String::New(env, levelName(line.level)), Napi::String::New(env, line.text)});
    }
}

/// With the mutex held.
void schedule(Forwarder& target) {
    if (target.scheduled || target.pending.empty()) return;
    const auto call = [generation = target.generation](Napi::Env env, Napi::Function logger) {
        deliver(env, logger, generation);
    };
    target.scheduled = target.logger.NonBlockingCall(call) == napi_ok;
}

void forward(ggml_log_level level, const std::string& text) {
    Forwarder& target = forwarder();
    const std::lock_guard<std::mutex> lock(target.mutex);
    if (!target.active || target.pending.size() >= kMostPendingLines) return;
    target.pending.push_back({level, text});
    schedule(target);
}

/// When its environment ends, before the thread-safe function goes: threads may go on logging.
void forgetLogger(uint64_t generation) {
    Forwarder& target = forwarder();
    const std::lock_guard<std::mutex> lock(target.mutex);
    if (target.generation != generation) return;
    target.active = false;
    target.pending.clear();
}

void finishLine(ggml_log_level level, const std::string& text) {
    if (text.empty()) return;
    forward(capture != nullptr ? capture->add(level, text) : level, text);
}

/// llama.cpp logs fragments; a line ends with its newline. Each thread assembles its own.
void sink(ggml_log_level level, const char* text, void*) {
    thread_local std::string partial;
    thread_local ggml_log_level current = GGML_LOG_LEVEL_INFO;
    if (level != GGML_LOG_LEVEL_CONT) current = level;
    for (const char* character = text; *character != '\0'; ++character) {
        if (*character == '\n') {
            finishLine(current, std::exchange(partial, {}));
        } else {
            partial += *character;
        }
    }
}

}  // namespace

void install(const Api& api) {
    // llama_log_set is not thread-safe, but every caller here writes the same two words.
    ggml_log_callback callback = nullptr;
    void* data = nullptr;
    api.llama_log_get(&callback, &data);
    if (callback != sink) api.llama_log_set(sink, nullptr);
}

void setLogger(Napi::Env env, const Napi::Function& logger) {
    auto next = Napi::ThreadSafeFunction::New(env, logger, "foretoken log", 0, 1);
    next.Unref(env);
    Forwarder& target = forwarder();
    const std::lock_guard<std::mutex> lock(target.mutex);
    if (target.active) target.logger.Release();
    target.logger = next;
    target.active = true;
    target.scheduled = false;
    target.generation += 1;
    schedule(target);
    env.AddCleanupHook([generation = target.generation] { forgetLogger(generation); });
}

LogCapture::LogCapture(const Api& api, const std::atomic<bool>* cancelled) : cancelled_(cancelled) {
    install(api);
    capture = this;
}

LogCapture::~LogCapture() {
    capture = nullptr;
}

ggml_log_level LogCapture::add(ggml_log_level level, const std::string& line) {
    if (cancelled_ != nullptr && *cancelled_) return GGML_LOG_LEVEL_DEBUG;
    if (level == GGML_LOG_LEVEL_ERROR) {
        errors_.push_back(line);
        if (errors_.size() > kMostErrorLines) errors_.erase(errors_.begin());
    }
    const size_t label = line.find("buffer size");
    const size_t equals = label == std::string::npos ? label : line.find('=', label);
    if (equals != std::string::npos && line.find("MiB", equals) != std::string::npos) {
        bufferBytes_ += static_cast<uint64_t>(std::strtod(line.c_str() + equals + 1, nullptr) *
                                              1024.0 * 1024.0);
    }
    return level;
}

std::string LogCapture::reason() const {
    std::string text;
    for (const std::string& line : errors_) {
        // "function_name: reason": the name of llama.cpp's function helps no reader.
        const size_t colon = line.find(": ");
        const bool named = colon != std::string::npos && line.find(' ') > colon;
        const std::string part = named ? line.substr(colon + 2) : line;
        text += (text.empty() ? "" : "; ") + part;
    }
    return text;
}

}  // namespace foretoken::log
