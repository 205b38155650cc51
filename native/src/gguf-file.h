// The metadata of a GGUF file, read without its tensors.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api.h"

namespace foretoken {

/// Readers answer with nothing when the key is missing or has another type: ggml's own getters end
/// the process in those cases.
class GgufFile {
  public:
    /// Throws model-unreadable.
    GgufFile(const Api& api, const std::string& path);

    gguf_context* get() const { return file_.get(); }

    std::optional<std::string> text(const std::string& key) const;
    std::optional<uint32_t> number(const std::string& key) const;
    std::optional<float> real(const std::string& key) const;
    std::optional<bool> flag(const std::string& key) const;

    /// A number, or an array of numbers of 32 bits.
    std::vector<uint32_t> numbers(const std::string& key) const;

    /// Pointers live as long as the file.
    std::vector<const char*> texts(const std::string& key) const;

  private:
    std::optional<int64_t> find(const std::string& key, gguf_type type) const;

    const Api& api_;
    std::unique_ptr<gguf_context, decltype(&::gguf_free)> file_;
};

}  // namespace foretoken
