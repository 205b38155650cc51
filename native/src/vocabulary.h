// Text to tokens and back. Everything here may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api.h"

namespace foretoken {

struct FimTokens {
    std::optional<int32_t> prefix, suffix, middle, pad, repository, separator;
};

class Vocabulary {
  public:
    Vocabulary(const Api& api, const llama_vocab* vocab);

    int32_t size() const { return size_; }
    std::vector<int32_t> tokenize(const std::string& text, bool parseSpecial) const;

    /// Throws invalid-argument for ids outside the vocabulary.
    std::string detokenize(const std::vector<int32_t>& tokens, bool special) const;

    bool isEndOfGeneration(int32_t token) const { return api_.llama_vocab_is_eog(vocab_, token); }
    bool isControl(int32_t token) const { return api_.llama_vocab_is_control(vocab_, token); }
    std::vector<int32_t> endOfGenerationTokens() const;
    FimTokens fimTokens() const;
    std::optional<int32_t> beginOfTextToken() const;
    bool addBeginOfText() const { return api_.llama_vocab_get_add_bos(vocab_); }

    /// Throws invalid-argument naming the first id outside the vocabulary.
    void check(const std::vector<int32_t>& tokens) const;

  private:
    const Api& api_;
    const llama_vocab* vocab_;
    int32_t size_;
};

}  // namespace foretoken
