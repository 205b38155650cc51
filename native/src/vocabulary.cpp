#include "vocabulary.h"

#include <climits>

#include "errors.h"

namespace foretoken {

Vocabulary::Vocabulary(const Api& api, const llama_vocab* vocab)
    : api_(api), vocab_(vocab), size_(api.llama_vocab_n_tokens(vocab)) {}

std::vector<int32_t> Vocabulary::tokenize(const std::string& text, bool parseSpecial) const {
    if (text.size() > INT_MAX / 2) {
        throw NativeFailure(ErrorCode::InvalidArgument, "The text is too long to be tokenised.");
    }
    const auto length = static_cast<int32_t>(text.size());
    // No begin or end token is added: prompts are put together token by token in the engine.
    const auto into = [&](std::vector<int32_t>& tokens) {
        return api_.llama_tokenize(vocab_, text.data(), length, tokens.data(),
                                   static_cast<int32_t>(tokens.size()), /*add_special=*/false,
                                   parseSpecial);
    };
    // Almost always enough; llama.cpp answers with minus the number needed otherwise.
    std::vector<int32_t> tokens(text.size() / 2 + 16);
    int32_t count = into(tokens);
    if (count < 0 && count != INT32_MIN) {
        tokens.resize(static_cast<size_t>(-static_cast<int64_t>(count)));
        count = into(tokens);
    }
    if (count < 0) {
        throw NativeFailure(ErrorCode::InvalidArgument, "The text could not be tokenised.");
    }
    tokens.resize(static_cast<size_t>(count));
    return tokens;
}

std::string Vocabulary::detokenize(const std::vector<int32_t>& tokens, bool special) const {
    check(tokens);
    std::string text;
    std::string piece(64, '\0');
    for (const int32_t token : tokens) {
        const auto render = [&] {
            return api_.llama_token_to_piece(vocab_, token, piece.data(),
                                             static_cast<int32_t>(piece.size()), /*lstrip=*/0,
                                             special);
        };
        int32_t length = render();
        if (length < 0) {
            piece.resize(static_cast<size_t>(-length));
            length = render();
        }
        if (length > 0) text.append(piece, 0, static_cast<size_t>(length));
    }
    return text;
}

std::vector<int32_t> Vocabulary::endOfGenerationTokens() const {
    std::vector<int32_t> tokens;
    for (int32_t token = 0; token < size_; ++token) {
        if (isEndOfGeneration(token)) tokens.push_back(token);
    }
    return tokens;
}

static std::optional<int32_t> present(int32_t token) {
    return token == LLAMA_TOKEN_NULL ? std::nullopt : std::optional<int32_t>(token);
}

FimTokens Vocabulary::fimTokens() const {
    return {present(api_.llama_vocab_fim_pre(vocab_)), present(api_.llama_vocab_fim_suf(vocab_)),
            present(api_.llama_vocab_fim_mid(vocab_)), present(api_.llama_vocab_fim_pad(vocab_)),
            present(api_.llama_vocab_fim_rep(vocab_)), present(api_.llama_vocab_fim_sep(vocab_))};
}

std::optional<int32_t> Vocabulary::beginOfTextToken() const {
    return present(api_.llama_vocab_bos(vocab_));
}

void Vocabulary::check(const std::vector<int32_t>& tokens) const {
    for (const int32_t token : tokens) {
        if (token < 0 || token >= size_) {
            throw NativeFailure(ErrorCode::InvalidArgument, "Token " + std::to_string(token) +
                                                                " is outside the vocabulary of " +
                                                                std::to_string(size_) + " tokens.");
        }
    }
}

}  // namespace foretoken
