// llama.cpp's log. It is process-global, and its only channel for reasons: functions that fail
// return null and say why in the log. So lines go two ways: to the logger set from JavaScript, and
// to the LogCapture of the thread that runs the failing call.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "api.h"

namespace foretoken::log {

/// Makes our sink llama.cpp's log callback. Called again before long calls, since another addon of
/// the process (node-llama-cpp) may have set its own meanwhile.
void install(const Api& api);

/// Replaces the logger. Lines arrive on the main thread in batches.
void setLogger(Napi::Env env, const Napi::Function& logger);

/// Collects what llama.cpp logs on this thread while it lives. Not nested.
class LogCapture {
  public:
    /// While `cancelled` is set, the errors that llama.cpp logs about it count as debug lines.
    explicit LogCapture(const Api& api, const std::atomic<bool>* cancelled = nullptr);
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    /// The level to forward the line with.
    ggml_log_level add(ggml_log_level level, const std::string& line);

    /// llama.cpp's last error lines in its own words; empty without any.
    std::string reason() const;

    /// Sum of the "... buffer size = N MiB" lines, in bytes.
    uint64_t bufferBytes() const { return bufferBytes_; }

  private:
    const std::atomic<bool>* cancelled_;
    std::vector<std::string> errors_;
    uint64_t bufferBytes_ = 0;
};

}  // namespace foretoken::log
