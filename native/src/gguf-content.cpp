#include "gguf-content.h"

#include <ggml.h>

#include <set>

#include "args.h"

namespace foretoken {

namespace {

constexpr double kMostElements = 1 << 30;

/// ggml takes C strings.
std::string text(const Napi::Value& value, const std::string& what) {
    std::string read = args::string(value, what.c_str());
    if (read.find('\0') != std::string::npos) args::invalid(what + " must not hold a NUL.");
    return read;
}

double number(const Napi::Value& value, const std::string& what) {
    if (!value.IsNumber()) args::invalid(what + " must be a number.");
    return value.As<Napi::Number>().DoubleValue();
}

uint32_t unsignedNumber(const Napi::Value& value, const std::string& what) {
    const double read = number(value, what);
    if (!(read >= 0 && read <= UINT32_MAX) || read != static_cast<uint32_t>(read)) {
        args::invalid(what + " must be a whole number of 32 bits.");
    }
    return static_cast<uint32_t>(read);
}

Napi::Array array(const Napi::Value& value, const std::string& what) {
    if (!value.IsArray()) args::invalid(what + " must be an array.");
    return value.As<Napi::Array>();
}

std::vector<std::string> texts(const Napi::Value& value, const std::string& what) {
    const Napi::Array values = array(value, what);
    std::vector<std::string> read;
    for (uint32_t index = 0; index < values.Length(); ++index) {
        read.push_back(text(values.Get(index), what));
    }
    return read;
}

GgufValue parseValue(const Napi::Value& entry, const std::string& key) {
    const Napi::Object object = args::object(entry, key.c_str());
    const std::string type = args::string(object.Get("type"), "type");
    const Napi::Value value = object.Get("value");
    if (type == "string") return text(value, key);
    if (type == "u32") return unsignedNumber(value, key);
    if (type == "f32") return static_cast<float>(number(value, key));
    if (type == "bool") return args::boolean(value, key.c_str());
    if (type == "strings") return texts(value, key);
    if (type == "f32s") return args::float32Array(value, key.c_str());
    args::invalid(key + " has a type that is not known: " + type + ".");
}

std::vector<int64_t> parseShape(const Napi::Value& value, const std::string& name) {
    const Napi::Array lengths = array(value, "The shape of " + name);
    if (lengths.Length() < 1 || lengths.Length() > GGML_MAX_DIMS) {
        args::invalid("The shape of " + name + " must have 1 to 4 lengths.");
    }
    std::vector<int64_t> shape;
    double product = 1;
    for (uint32_t index = 0; index < lengths.Length(); ++index) {
        shape.push_back(args::integer(lengths.Get(index), "shape", 1, INT32_MAX));
        product *= static_cast<double>(shape.back());
    }
    if (product > kMostElements) args::invalid(name + " is too large.");
    return shape;
}

GgufTensor parseTensor(const Napi::Value& value) {
    const Napi::Object object = args::object(value, "tensor");
    GgufTensor tensor;
    tensor.name = text(object.Get("name"), "name");
    if (tensor.name.empty() || tensor.name.size() >= GGML_MAX_NAME) {
        args::invalid("The name of a tensor must have 1 to 63 bytes.");
    }
    tensor.shape = parseShape(object.Get("shape"), tensor.name);
    tensor.data = args::float32Array(object.Get("data"), "data");
    size_t elements = 1;
    for (const int64_t length : tensor.shape) elements *= static_cast<size_t>(length);
    if (elements != tensor.data.size()) {
        args::invalid("The data of " + tensor.name + " must hold " + std::to_string(elements) +
                      " values.");
    }
    return tensor;
}

}  // namespace

GgufContent parseGgufContent(const Napi::Value& metadata, const Napi::Value& tensors) {
    GgufContent content;
    const Napi::Object entries = args::object(metadata, "metadata");
    const Napi::Array keys = entries.GetPropertyNames();
    for (uint32_t index = 0; index < keys.Length(); ++index) {
        const std::string key = text(keys.Get(index), "A metadata key");
        // ggml checks it by ending the process.
        if (key.empty() || key == "general.alignment") {
            args::invalid("\"" + key + "\" cannot be a metadata key.");
        }
        content.metadata.emplace_back(key, parseValue(entries.Get(key), key));
    }
    const Napi::Array list = array(tensors, "tensors");
    std::set<std::string> names;
    for (uint32_t index = 0; index < list.Length(); ++index) {
        content.tensors.push_back(parseTensor(list.Get(index)));
        const std::string& name = content.tensors.back().name;
        if (!names.insert(name).second) args::invalid("There are two tensors " + name + ".");
    }
    return content;
}

}  // namespace foretoken
