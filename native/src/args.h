// Readers of JavaScript arguments: every value that comes from JavaScript passes through one of
// these, and what is wrong is named in the message. `what` is the argument's name.
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "errors.h"

namespace foretoken::args {

[[noreturn]] void invalid(const std::string& message);

Napi::Object object(const Napi::Value& value, const char* what);
Napi::Function function(const Napi::Value& value, const char* what);
std::string string(const Napi::Value& value, const char* what);

/// Text that the file system takes: neither empty nor with a NUL.
std::string path(const Napi::Value& value, const char* what);

bool boolean(const Napi::Value& value, const char* what);

/// A whole number within [least, most].
int32_t integer(const Napi::Value& value, const char* what, int32_t least, int32_t most);

/// Any number within [least, most].
float number(const Napi::Value& value, const char* what, float least, float most);

/// A copy: JavaScript may change the array while a worker reads.
std::vector<int32_t> int32Array(const Napi::Value& value, const char* what);

/// A copy, as above.
std::vector<float> float32Array(const Napi::Value& value, const char* what);

std::optional<bool> optionalBoolean(const Napi::Object& object, const char* key);

}  // namespace foretoken::args
