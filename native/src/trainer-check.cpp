// The trainer's check of itself: ordinary text through its own forward pass must come out as
// llama.cpp's own pass has it.
#include <algorithm>
#include <cmath>

#include "embeddings.h"
#include "errors.h"
#include "trainer-core.h"

namespace foretoken {

namespace {

constexpr const char* kSampleText =
    "/** Counts the words of a text. */\n"
    "export function countWords(text: string): Map<string, number> {\n"
    "  const counts = new Map<string, number>();\n"
    "  for (const word of text.toLowerCase().split(/\\W+/)) {\n"
    "    if (word === '') continue;\n"
    "    counts.set(word, (counts.get(word) ?? 0) + 1);\n"
    "  }\n"
    "  return counts;\n"
    "}\n";
constexpr size_t kMostSampleTokens = 128;

/// How far the logits may differ, as a share of their own spread (root mean squares over a row).
/// llama.cpp rounds what it multiplies quantised weights by to 8 bits, which by itself makes a
/// percent or a few; with float weights, rounding to 16 bits makes a tenth of that. A forgotten
/// bias, a wrong rotation or a wrong mask makes tens of percents.
constexpr double kQuantisedTolerance = 0.1;
constexpr double kFloatTolerance = 0.02;

}  // namespace

std::vector<int32_t> TrainerCore::sampleWindow() const {
    std::vector<int32_t> text = model_->vocabulary.tokenize(kSampleText, /*parseSpecial=*/false);
    if (text.empty()) text.push_back(0);
    std::vector<int32_t> window(
        std::min(static_cast<size_t>(options_.windowLength),
                 std::max(kMostSampleTokens, static_cast<size_t>(options_.count) + 1)));
    for (size_t index = 0; index < window.size(); ++index)
        window[index] = text[index % text.size()];
    return window;
}

/// As prompt tokens: the embeddings of the tokens that they stand in for, the same in every chain.
std::vector<float> TrainerCore::rowsOfText(const std::vector<int32_t>& tokens,
                                           int32_t insertion) const {
    const auto first = tokens.begin() + insertion + 1;
    std::vector<int32_t> ids;
    for (auto id = first; id != first + options_.count; ++id) {
        ids.insert(ids.end(), static_cast<size_t>(options_.ensemble), *id);
    }
    return readTokenEmbeddings(api_, *model_, ids);
}

void TrainerCore::checkItself() {
    const std::vector<int32_t> tokens = sampleWindow();
    const auto last = static_cast<int32_t>(tokens.size()) - 1 - options_.count;
    std::vector<std::vector<float>> expected(tokens.size());
    const bool read = readWindow(tokens, [&](size_t position, const float* logits) {
        expected[position].assign(logits, logits + shape_.vocabulary);
    });
    const NativeFailure aborted(ErrorCode::Aborted, "The trainer was aborted.");
    if (!read) throw aborted;
    for (const int32_t insertion : {0, last / 2, last}) {
        TrainerGraph& graph = graphFor(1);
        if (!run(graph, {rowsOfText(tokens, insertion), {insertion}, 1.0F})) throw aborted;
        const std::vector<float> own = valuesOf(graph.logits);
        for (int32_t distance = 1; distance <= options_.count; ++distance) {
            const auto row = own.begin() + (distance - 1) * shape_.vocabulary;
            compare({row, row + shape_.vocabulary},
                    expected[static_cast<size_t>(insertion + distance)]);
        }
    }
    length_ = 0;  // the user's window is still to come
}

void TrainerCore::compare(const std::vector<float>& own, const std::vector<float>& expected) {
    double mean = 0;
    for (const float value : expected) mean += value;
    mean /= static_cast<double>(expected.size());
    double difference = 0;
    double spread = 0;
    for (size_t index = 0; index < own.size(); ++index) {
        const double off = own[index] - expected[index];
        difference += off * off;
        spread += (expected[index] - mean) * (expected[index] - mean);
        selfCheckDifference_ = std::max(selfCheckDifference_, static_cast<float>(std::fabs(off)));
    }
    const bool rounds = weights_->quantised || weights_->compact;
    const double tolerance = rounds ? kQuantisedTolerance : kFloatTolerance;
    // Negated, so that NaN is refused as well.
    if (!(std::sqrt(difference) <= tolerance * std::sqrt(spread))) {
        untrainable("the trainer's own pass differs from llama.cpp's by " +
                    std::to_string(selfCheckDifference_) + " logits");
    }
}

}  // namespace foretoken
