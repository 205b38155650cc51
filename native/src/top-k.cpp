#include "top-k.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

namespace foretoken {

namespace {

constexpr size_t kLanes = 16;
constexpr size_t kBlock = 128;  // logits whose exponentials are summed at once
constexpr float kLowest = -std::numeric_limits<float>::infinity();

struct Candidate {
    float logit;
    int32_t id;
};

bool ranksBefore(const Candidate& left, const Candidate& right) {
    return left.logit > right.logit || (left.logit == right.logit && left.id < right.id);
}

/// Independent lanes: the compiler turns them into vector maxima without reordering one reduction.
float maximum(const float* values, size_t size) {
    float lanes[kLanes];
    std::fill(lanes, lanes + kLanes, kLowest);
    size_t index = 0;
    for (; index + kLanes <= size; index += kLanes) {
        for (size_t lane = 0; lane < kLanes; ++lane) {
            const float value = values[index + lane];
            lanes[lane] = value > lanes[lane] ? value : lanes[lane];
        }
    }
    float result = kLowest;
    for (const float lane : lanes) result = lane > result ? lane : result;
    for (; index < size; ++index) result = values[index] > result ? values[index] : result;
    return result;
}

/// Logits whose maximum is looked at before any single one: some blocks more than are wanted, so
/// that the best stand in few of them.
size_t blockFor(size_t size, size_t count) {
    const size_t wanted = size / (4 * count) / kLanes * kLanes;
    return std::min(std::max(wanted, kLanes), size_t{128});
}

/// The lowest of all where there are fewer.
float nthLargest(std::vector<float> values, size_t count) {
    if (values.size() < count) return kLowest;
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(count - 1);
    std::nth_element(values.begin(), nth, values.end(), std::greater<float>());
    return *nth;
}

/// exp for x <= 0 by range reduction to [-ln 2 / 2, ln 2 / 2] and a polynomial of degree 6: no
/// branches and no calls, so that the loop around it vectorises. Relative error below 2e-7.
inline float exponential(float x) {
    const float bounded = x > -87.0F ? x : -87.0F;
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest whole number.
    constexpr float kRound = 12582912.0F;
    const float shifted = bounded * 1.44269504F + kRound;
    const float power = shifted - kRound;
    const float rest = (bounded - power * 0.693359375F) - power * -2.12194440e-4F;
    float polynomial = 1.0F / 720.0F;
    polynomial = polynomial * rest + 1.0F / 120.0F;
    polynomial = polynomial * rest + 1.0F / 24.0F;
    polynomial = polynomial * rest + 1.0F / 6.0F;
    polynomial = polynomial * rest + 0.5F;
    polynomial = polynomial * rest + 1.0F;
    polynomial = polynomial * rest + 1.0F;
    const int32_t exponent = (static_cast<int32_t>(power) + 127) * (1 << 23);
    float scale;
    std::memcpy(&scale, &exponent, sizeof(scale));
    return polynomial * scale;
}

}  // namespace

void selectTopK(const float* logits, size_t size, size_t count, int32_t* ids, float* values) {
    const size_t block = blockFor(size, count);
    std::vector<float> maxima;
    maxima.reserve(size / block + 1);
    for (size_t begin = 0; begin < size; begin += block) {
        maxima.push_back(maximum(logits + begin, std::min(block, size - begin)));
    }
    // As many blocks as are wanted reach this, so whatever is among the best does too.
    const float least = nthLargest(maxima, count);
    std::vector<Candidate> best;
    best.reserve(4 * count);
    for (size_t index = 0; index < maxima.size(); ++index) {
        if (maxima[index] < least) continue;
        const size_t end = std::min((index + 1) * block, size);
        for (size_t id = index * block; id < end; ++id) {
            const float logit = std::isnan(logits[id]) ? kLowest : logits[id];
            if (logit >= least) best.push_back({logit, static_cast<int32_t>(id)});
        }
    }
    const auto end = best.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(best.begin(), end, best.end(), ranksBefore);
    for (size_t rank = 0; rank < count; ++rank) {
        ids[rank] = best[rank].id;
        values[rank] = best[rank].logit;
    }
}

float logSumExp(const float* logits, size_t size) {
    const float largest = maximum(logits, size);
    if (largest == kLowest) return kLowest;
    double sum = 0.0;
    float exponentials[kBlock];
    for (size_t begin = 0; begin < size; begin += kBlock) {
        const size_t count = std::min(kBlock, size - begin);
        for (size_t index = 0; index < count; ++index) {
            exponentials[index] = exponential(logits[begin + index] - largest);
        }
        std::fill(exponentials + count, exponentials + kBlock, 0.0F);
        float lanes[kLanes] = {};
        for (size_t index = 0; index < kBlock; index += kLanes) {
            for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += exponentials[index + lane];
        }
        for (const float lane : lanes) sum += static_cast<double>(lane);
    }
    return largest + static_cast<float>(std::log(sum));
}

}  // namespace foretoken
