#include "tree-request.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "args.h"
#include "options.h"

namespace foretoken {

using args::invalid;

bool TreeRequest::entersAsEmbeddings() const {
    return embedded ||
           std::any_of(slots.begin(), slots.end(), [](int32_t slot) { return slot >= 0; });
}

std::vector<int32_t> TreeRequest::plainTokens() const {
    std::vector<int32_t> plain;
    for (size_t row = 0; row < rows(); ++row) {
        if (slots[row] < 0) plain.push_back(tokens[row]);
    }
    return plain;
}

int32_t TreeRequest::sequenceCount() const {
    return 1 + *std::max_element(sequences.begin(), sequences.end());
}

std::vector<size_t> TreeRequest::sequenceStarts() const {
    std::vector<size_t> starts;
    size_t start = 0;
    for (const int32_t count : sequenceCounts) {
        starts.push_back(start);
        start += static_cast<size_t>(count);
    }
    return starts;
}

TreeRequest parseTreeRequest(const Napi::Value& value) {
    const Napi::Object object = args::object(value, "batch");
    const auto array = [&](const char* key) { return args::int32Array(object.Get(key), key); };
    TreeRequest request;
    request.tokens = array("tokens");
    request.slots = array("slots");
    request.offsets = array("offsets");
    request.sequenceCounts = array("sequenceCounts");
    request.sequences = array("sequences");
    request.outputs = array("outputs");
    if (!object.Get("outputCounts").IsUndefined()) request.outputCounts = array("outputCounts");
    request.topK = args::integer(object.Get("topK"), "topK", 1, kMostCandidates);
    request.normalise = args::optionalBoolean(object, "normalise").value_or(false);
    request.embedded = args::optionalBoolean(object, "embedded").value_or(false);
    const size_t rows = request.rows();
    if (rows == 0) invalid("tokens must not be empty.");
    if (request.slots.size() != rows || request.offsets.size() != rows ||
        request.sequenceCounts.size() != rows) {
        invalid("tokens, slots, offsets and sequenceCounts must be of one length.");
    }
    return request;
}

/// `counts` are positive and add up to `total`.
static void checkCounts(const std::vector<int32_t>& counts, size_t total, const char* what) {
    size_t sum = 0;
    for (const int32_t count : counts) {
        if (count < 1 || static_cast<size_t>(count) > total) sum = total;
        sum += static_cast<size_t>(std::max(count, 1));
    }
    if (sum != total) invalid(std::string(what) + " must be positive and cover everything.");
}

static void checkSequences(const TreeRequest& request, const TreeLimits& limits) {
    checkCounts(request.sequenceCounts, request.sequences.size(), "sequenceCounts");
    std::vector<int32_t> next(static_cast<size_t>(limits.sequences), 0);
    size_t index = 0;
    for (size_t row = 0; row < request.rows(); ++row) {
        const std::string where = "Row " + std::to_string(row) + ": ";
        for (int32_t left = request.sequenceCounts[row]; left > 0; --left, ++index) {
            const int32_t sequence = request.sequences[index];
            if (sequence < 0 || sequence >= limits.sequences) {
                invalid(where + "sequences must be below " + std::to_string(limits.sequences) +
                        ".");
            }
            int32_t& expected = next[static_cast<size_t>(sequence)];
            if (request.offsets[row] != expected) {
                invalid(where + "sequence " + std::to_string(sequence) + " goes on at offset " +
                        std::to_string(expected) + ".");
            }
            ++expected;
        }
    }
    // Every sequence that exists below the largest begins at the root, which is row 0.
    const int32_t count = request.sequenceCount();
    if (request.sequenceCounts[0] != count) invalid("Row 0 must be in every sequence.");
    if (std::any_of(request.offsets.begin() + 1, request.offsets.end(),
                    [](int32_t offset) { return offset < 1; })) {
        invalid("Row 0 is the only root.");
    }
}

static void checkOutputs(const TreeRequest& request, const TreeLimits& limits) {
    std::vector<bool> wanted(request.rows(), false);
    for (const int32_t row : request.outputs) {
        if (row < 0 || static_cast<size_t>(row) >= request.rows()) {
            invalid("outputs must be rows of the batch.");
        }
        wanted[static_cast<size_t>(row)] = true;
    }
    const auto rows = static_cast<size_t>(std::count(wanted.begin(), wanted.end(), true));
    if (rows > limits.outputs) {
        invalid("outputs are limited to " + std::to_string(limits.outputs) + " rows.");
    }
    if (!request.outputCounts.empty()) {
        checkCounts(request.outputCounts, request.outputs.size(), "outputCounts");
    }
}

void checkTree(const TreeRequest& request, const TreeLimits& limits) {
    if (request.rows() > limits.rows) {
        invalid("A tree is limited to " + std::to_string(limits.rows) + " rows.");
    }
    for (size_t row = 0; row < request.rows(); ++row) {
        const std::string where = "Row " + std::to_string(row) + " ";
        if ((request.tokens[row] < 0) == (request.slots[row] < 0)) {
            invalid(where + "must be either a token or a slot.");
        }
        if (request.slots[row] >= limits.slots) {
            invalid(where + "names a slot, of which there are " + std::to_string(limits.slots) +
                    ".");
        }
    }
    checkSequences(request, limits);
    checkOutputs(request, limits);
}

}  // namespace foretoken
