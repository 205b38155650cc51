// C++ values as JavaScript values. Arrays are copied: environments that forbid external buffers
// (Electron) are supported.
#pragma once

#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace foretoken {

inline Napi::Int32Array toArray(Napi::Env env, const std::vector<int32_t>& values) {
    Napi::Int32Array array = Napi::Int32Array::New(env, values.size());
    std::copy(values.begin(), values.end(), array.Data());
    return array;
}

inline Napi::Float32Array toArray(Napi::Env env, const std::vector<float>& values) {
    Napi::Float32Array array = Napi::Float32Array::New(env, values.size());
    std::copy(values.begin(), values.end(), array.Data());
    return array;
}

inline Napi::Value orNull(Napi::Env env, const std::optional<int32_t>& value) {
    return value ? Napi::Value(Napi::Number::New(env, *value)) : env.Null();
}

inline void defineReadOnly(Napi::Object object, const char* name, Napi::Value value) {
    object.DefineProperty(Napi::PropertyDescriptor::Value(name, value, napi_enumerable));
}

}  // namespace foretoken
