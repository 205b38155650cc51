// What goes into a graph, and what comes out of it.
#include <algorithm>
#include <limits>

#include "trainer-core.h"

namespace foretoken {

void TrainerCore::set(ggml_tensor* tensor, const void* values) {
    api_.ggml_backend_tensor_set(tensor, values, 0, api_.ggml_nbytes(tensor));
}

/// The contract has the chains of a distance side by side, the graph a chain's distances.
void TrainerCore::setPrompts(const TrainerGraph& graph, const std::vector<float>& rows) {
    const auto width = static_cast<size_t>(shape_.width);
    const auto count = static_cast<size_t>(options_.count);
    const auto ensemble = static_cast<size_t>(options_.ensemble);
    std::vector<float> turned(rows.size());
    for (size_t distance = 0; distance < count; ++distance) {
        for (size_t chain = 0; chain < ensemble; ++chain) {
            std::copy_n(
                rows.begin() + static_cast<ptrdiff_t>((distance * ensemble + chain) * width), width,
                turned.begin() + static_cast<ptrdiff_t>((chain * count + distance) * width));
        }
    }
    set(graph.prompts, turned.data());
}

void TrainerCore::setRows(const TrainerGraph& graph, const std::vector<int32_t>& insertions) {
    constexpr float kUnseen = -std::numeric_limits<float>::infinity();
    const int32_t count = options_.count;
    const auto text = static_cast<size_t>(graph.size().text);
    std::vector<int32_t> positions;
    std::vector<float> mask;
    mask.reserve(static_cast<size_t>(api_.ggml_nelements(graph.mask)));
    for (const int32_t insertion : insertions) {
        for (int32_t row = 0; row < options_.ensemble * count; ++row) {
            const int32_t distance = row % count;
            positions.push_back(insertion + 1 + distance);
            const auto seen = static_cast<size_t>(insertion) + 1;
            mask.insert(mask.end(), seen, 0.0F);
            mask.insert(mask.end(), text - seen, kUnseen);
            mask.insert(mask.end(), static_cast<size_t>(distance) + 1, 0.0F);
            mask.insert(mask.end(), static_cast<size_t>(count - distance - 1), kUnseen);
        }
    }
    set(graph.positions, positions.data());
    set(graph.mask, mask.data());
}

void TrainerCore::setOutputs(const TrainerGraph& graph, const GradientRequest& request) {
    const auto size = static_cast<size_t>(shape_.vocabulary) * sizeof(float);
    const auto divisor =
        static_cast<float>(request.insertions.size()) * static_cast<float>(options_.count);
    std::vector<float> importance;
    for (const int32_t insertion : request.insertions) {
        float weight = 1;
        for (int32_t distance = 1; distance <= options_.count; ++distance) {
            const auto position = static_cast<size_t>(insertion + distance);
            api_.ggml_backend_tensor_set(
                graph.teacher,
                predictions_.data() + position * static_cast<size_t>(shape_.vocabulary),
                importance.size() * size, size);
            importance.push_back(weight / divisor);
            weight *= request.decay;
        }
    }
    set(graph.importance, importance.data());
}

std::vector<float> TrainerCore::valuesOf(const ggml_tensor* tensor) const {
    std::vector<float> values(static_cast<size_t>(api_.ggml_nelements(tensor)));
    api_.ggml_backend_tensor_get(tensor, values.data(), 0, values.size() * sizeof(float));
    return values;
}

Gradient TrainerCore::collect(const TrainerGraph& graph,
                              const std::vector<int32_t>& insertions) const {
    const auto width = static_cast<ptrdiff_t>(shape_.width);
    const auto count = static_cast<size_t>(options_.count);
    const auto ensemble = static_cast<size_t>(options_.ensemble);
    const std::vector<float> losses = valuesOf(graph.loss);
    const std::vector<float> turned = valuesOf(graph.gradient);
    Gradient gradient{std::vector<float>(count), std::vector<float>(turned.size())};
    for (size_t distance = 0; distance < count; ++distance) {
        double sum = 0;
        for (size_t index = 0; index < insertions.size(); ++index) {
            const size_t position = static_cast<size_t>(insertions[index]) + distance + 1;
            sum += negentropies_[position] + losses[index * count + distance];
        }
        gradient.lossByDistance[distance] =
            static_cast<float>(sum / static_cast<double>(insertions.size()));
        for (size_t chain = 0; chain < ensemble; ++chain) {
            std::copy_n(turned.begin() + static_cast<ptrdiff_t>(chain * count + distance) * width,
                        width,
                        gradient.values.begin() +
                            static_cast<ptrdiff_t>(distance * ensemble + chain) * width);
        }
    }
    return gradient;
}

}  // namespace foretoken
