#include "errors.h"

#include <new>

namespace foretoken {

static const char* name(ErrorCode code) {
    switch (code) {
        case ErrorCode::LibraryUnreadable:
            return "library-unreadable";
        case ErrorCode::LibraryMismatch:
            return "library-mismatch";
        case ErrorCode::ModelUnreadable:
            return "model-unreadable";
        case ErrorCode::ModelUnsupported:
            return "model-unsupported";
        case ErrorCode::FileUnwritable:
            return "file-unwritable";
        case ErrorCode::OutOfMemory:
            return "out-of-memory";
        case ErrorCode::InvalidArgument:
            return "invalid-argument";
        case ErrorCode::ContextFull:
            return "context-full";
        case ErrorCode::DecodeFailed:
            return "decode-failed";
        case ErrorCode::Aborted:
            return "aborted";
        case ErrorCode::Disposed:
            return "disposed";
    }
    return "decode-failed";
}

Napi::Error toJavaScript(Napi::Env env, const NativeFailure& failure) {
    Napi::Error error = Napi::Error::New(env, failure.what());
    error.Value().Set("name", "NativeError");
    error.Value().Set("code", name(failure.code()));
    return error;
}

NativeFailure currentFailure(ErrorCode fallback) {
    try {
        throw;
    } catch (const NativeFailure& failure) {
        return failure;
    } catch (const std::bad_alloc&) {
        return {ErrorCode::OutOfMemory, "There is not enough memory."};
    } catch (const std::exception& error) {
        return {fallback, error.what()};
    } catch (...) {
        return {fallback, "An unknown failure inside the native library."};
    }
}

}  // namespace foretoken
