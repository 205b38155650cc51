// Failures as values of C++: thrown anywhere below the JavaScript surface, turned into a
// `NativeError` (engine/native/addon.d.ts) at the surface.
#pragma once

#include <napi.h>

#include <stdexcept>
#include <string>

namespace foretoken {

enum class ErrorCode {
    LibraryUnreadable,
    LibraryMismatch,
    ModelUnreadable,
    ModelUnsupported,
    FileUnwritable,
    OutOfMemory,
    InvalidArgument,
    ContextFull,
    DecodeFailed,
    Aborted,
    Disposed,
};

class NativeFailure : public std::runtime_error {
  public:
    NativeFailure(ErrorCode code, const std::string& message)
        : std::runtime_error(message), code_(code) {}

    ErrorCode code() const { return code_; }

  private:
    ErrorCode code_;
};

Napi::Error toJavaScript(Napi::Env env, const NativeFailure& failure);

/// The exception being handled, as a NativeFailure; call inside a catch block.
NativeFailure currentFailure(ErrorCode fallback);

/// Runs the body of a function called from JavaScript: failures become JavaScript exceptions.
template <typename Body>
auto guarded(Napi::Env env, Body body) -> decltype(body()) {
    try {
        return body();
    } catch (const Napi::Error&) {
        throw;
    } catch (...) {
        throw toJavaScript(env, currentFailure(ErrorCode::InvalidArgument));
    }
}

}  // namespace foretoken
