// ggml's operations as the trainer's graphs use them: four lengths, the fastest-running first.
#pragma once

#include <array>

#include "api.h"

namespace foretoken {

using Lengths = std::array<int64_t, 4>;

class Ops {
  public:
    Ops(const Api& api, ggml_context* context) : api_(api), context_(context) {}

    const Api& api() const { return api_; }
    ggml_context* context() const { return context_; }

    ggml_tensor* input(ggml_type type, const Lengths& lengths) const {
        ggml_tensor* tensor = api_.ggml_new_tensor(context_, type, 4, lengths.data());
        api_.ggml_set_input(tensor);
        return tensor;
    }
    ggml_tensor* output(ggml_tensor* tensor) const {
        api_.ggml_set_output(tensor);
        return tensor;
    }

    ggml_tensor* reshape(ggml_tensor* a, const Lengths& to) const {
        return api_.ggml_reshape_4d(context_, a, to[0], to[1], to[2], to[3]);
    }
    /// Part of a tensor, which begins `offset` values into each row.
    ggml_tensor* part(ggml_tensor* a, const Lengths& to, int64_t offset = 0) const {
        return api_.ggml_view_4d(context_, a, to[0], to[1], to[2], to[3], a->nb[1], a->nb[2],
                                 a->nb[3], static_cast<size_t>(offset) * a->nb[0]);
    }
    /// Dimension i of `a` becomes dimension axes[i] of the result, which is contiguous.
    ggml_tensor* permute(ggml_tensor* a, const std::array<int, 4>& axes) const {
        return contiguous(api_.ggml_permute(context_, a, axes[0], axes[1], axes[2], axes[3]));
    }
    ggml_tensor* transpose(ggml_tensor* a) const { return permute(a, {1, 0, 2, 3}); }
    ggml_tensor* contiguous(ggml_tensor* a) const { return api_.ggml_cont(context_, a); }
    ggml_tensor* concat(ggml_tensor* a, ggml_tensor* b) const {
        return api_.ggml_concat(context_, a, b, 0);
    }
    ggml_tensor* repeat(ggml_tensor* a, const Lengths& to) const {
        return api_.ggml_repeat_4d(context_, a, to[0], to[1], to[2], to[3]);
    }
    /// The derivative of `repeat`: sums what came from the same place.
    ggml_tensor* sumRepeats(ggml_tensor* a, const Lengths& to) const {
        return api_.ggml_repeat_back(context_, a,
                                     api_.ggml_new_tensor(context_, a->type, 4, to.data()));
    }

    /// Rows of `a` times rows of `b`; missing dimensions 2 and 3 of `a` are shared by groups.
    ggml_tensor* product(ggml_tensor* a, ggml_tensor* b) const {
        return api_.ggml_mul_mat(context_, a, b);
    }
    ggml_tensor* add(ggml_tensor* a, ggml_tensor* b) const { return api_.ggml_add(context_, a, b); }
    ggml_tensor* subtract(ggml_tensor* a, ggml_tensor* b) const {
        return api_.ggml_sub(context_, a, b);
    }
    ggml_tensor* multiply(ggml_tensor* a, ggml_tensor* b) const {
        return api_.ggml_mul(context_, a, b);
    }
    ggml_tensor* scale(ggml_tensor* a, float factor) const {
        return api_.ggml_scale(context_, a, factor);
    }

  private:
    const Api& api_;
    ggml_context* context_;
};

}  // namespace foretoken
