#include "args.h"

#include <cmath>

namespace foretoken::args {

void invalid(const std::string& message) {
    throw NativeFailure(ErrorCode::InvalidArgument, message);
}

Napi::Object object(const Napi::Value& value, const char* what) {
    if (!value.IsObject() || value.IsFunction()) invalid(std::string(what) + " must be an object.");
    return value.As<Napi::Object>();
}

Napi::Function function(const Napi::Value& value, const char* what) {
    if (!value.IsFunction()) invalid(std::string(what) + " must be a function.");
    return value.As<Napi::Function>();
}

std::string string(const Napi::Value& value, const char* what) {
    if (!value.IsString()) invalid(std::string(what) + " must be a string.");
    return value.As<Napi::String>().Utf8Value();
}

std::string path(const Napi::Value& value, const char* what) {
    std::string text = string(value, what);
    if (text.empty() || text.find('\0') != std::string::npos) {
        invalid(std::string(what) + " must be the path of a file.");
    }
    return text;
}

bool boolean(const Napi::Value& value, const char* what) {
    if (!value.IsBoolean()) invalid(std::string(what) + " must be true or false.");
    return value.As<Napi::Boolean>().Value();
}

int32_t integer(const Napi::Value& value, const char* what, int32_t least, int32_t most) {
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
    // Negated, so that NaN is refused as well.
    if (!(number >= least && number <= most) || number != std::floor(number)) {
        invalid(std::string(what) + " must be a whole number from " + std::to_string(least) +
                " to " + std::to_string(most) + ".");
    }
    return static_cast<int32_t>(number);
}

float number(const Napi::Value& value, const char* what, float least, float most) {
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
    if (!(number >= least && number <= most)) {  // negated, so that NaN is refused as well
        invalid(std::string(what) + " must be a number from " + std::to_string(least) + " to " +
                std::to_string(most) + ".");
    }
    return static_cast<float>(number);
}

std::vector<int32_t> int32Array(const Napi::Value& value, const char* what) {
    if (!value.IsTypedArray() ||
        value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
        invalid(std::string(what) + " must be an Int32Array.");
    }
    const auto array = value.As<Napi::Int32Array>();
    return std::vector<int32_t>(array.Data(), array.Data() + array.ElementLength());
}

std::vector<float> float32Array(const Napi::Value& value, const char* what) {
    if (!value.IsTypedArray() ||
        value.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
        invalid(std::string(what) + " must be a Float32Array.");
    }
    const auto array = value.As<Napi::Float32Array>();
    return std::vector<float>(array.Data(), array.Data() + array.ElementLength());
}

std::optional<bool> optionalBoolean(const Napi::Object& object, const char* key) {
    const Napi::Value value = object.Get(key);
    if (value.IsUndefined()) return std::nullopt;
    return boolean(value, key);
}

}  // namespace foretoken::args
