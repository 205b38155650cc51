// Every llama.cpp and ggml function that the addon calls, as a table of pointers typed by the
// pinned release's headers. The addon has no link-time dependency on the libraries.
#pragma once

#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>
#include <gguf.h>
#include <llama.h>

namespace foretoken {

#define FORETOKEN_GGML_BASE_FUNCTIONS(X)        \
    X(ggml_version)                             \
    X(ggml_commit)                              \
    X(ggml_get_type_traits)                     \
    X(ggml_row_size)                            \
    X(ggml_init)                                \
    X(ggml_free)                                \
    X(ggml_tensor_overhead)                     \
    X(ggml_new_tensor)                          \
    X(ggml_set_name)                            \
    X(ggml_backend_dev_name)                    \
    X(ggml_backend_dev_description)             \
    X(ggml_backend_dev_type)                    \
    X(ggml_backend_dev_memory)                  \
    X(ggml_nbytes)                              \
    X(ggml_nelements)                           \
    X(ggml_is_contiguous)                       \
    X(ggml_get_first_tensor)                    \
    X(ggml_get_next_tensor)                     \
    X(ggml_set_input)                           \
    X(ggml_set_output)                          \
    X(ggml_fp32_to_fp16_row)                    \
    X(ggml_fp16_to_fp32_row)                    \
    X(ggml_fp32_to_bf16_row)                    \
    X(ggml_reshape_4d)                          \
    X(ggml_view_4d)                             \
    X(ggml_permute)                             \
    X(ggml_cont)                                \
    X(ggml_concat)                              \
    X(ggml_repeat_4d)                           \
    X(ggml_repeat_back)                         \
    X(ggml_mul_mat)                             \
    X(ggml_add)                                 \
    X(ggml_sub)                                 \
    X(ggml_mul)                                 \
    X(ggml_scale)                               \
    X(ggml_log)                                 \
    X(ggml_sum_rows)                            \
    X(ggml_argmax)                              \
    X(ggml_get_rows)                            \
    X(ggml_rms_norm)                            \
    X(ggml_rms_norm_back)                       \
    X(ggml_rope_ext)                            \
    X(ggml_rope_ext_back)                       \
    X(ggml_silu)                                \
    X(ggml_silu_back)                           \
    X(ggml_soft_max)                            \
    X(ggml_soft_max_ext)                        \
    X(ggml_soft_max_ext_back)                   \
    X(ggml_new_graph_custom)                    \
    X(ggml_graph_overhead_custom)               \
    X(ggml_build_forward_expand)                \
    X(ggml_backend_free)                        \
    X(ggml_backend_get_device)                  \
    X(ggml_backend_dev_init)                    \
    X(ggml_backend_dev_backend_reg)             \
    X(ggml_backend_dev_buffer_type)             \
    X(ggml_backend_reg_get_proc_address)        \
    X(ggml_backend_alloc_ctx_tensors_from_buft) \
    X(ggml_backend_buffer_free)                 \
    X(ggml_backend_buffer_clear)                \
    X(ggml_backend_buffer_get_size)             \
    X(ggml_backend_buffer_set_usage)            \
    X(ggml_backend_tensor_set)                  \
    X(ggml_backend_tensor_get)                  \
    X(ggml_backend_sched_new)                   \
    X(ggml_backend_sched_free)                  \
    X(ggml_backend_sched_reset)                 \
    X(ggml_backend_sched_reserve)               \
    X(ggml_backend_sched_reserve_size)          \
    X(ggml_backend_sched_alloc_graph)           \
    X(ggml_backend_sched_graph_compute)         \
    X(ggml_backend_sched_get_buffer_size)       \
    X(gguf_init_from_file)                      \
    X(gguf_free)                                \
    X(gguf_get_n_kv)                            \
    X(gguf_get_key)                             \
    X(gguf_find_key)                            \
    X(gguf_get_kv_type)                         \
    X(gguf_get_arr_type)                        \
    X(gguf_get_arr_n)                           \
    X(gguf_get_arr_data)                        \
    X(gguf_get_arr_str)                         \
    X(gguf_get_val_str)                         \
    X(gguf_get_val_bool)                        \
    X(gguf_get_val_u32)                         \
    X(gguf_get_val_f32)                         \
    X(gguf_get_data_offset)                     \
    X(gguf_get_n_tensors)                       \
    X(gguf_find_tensor)                         \
    X(gguf_get_tensor_name)                     \
    X(gguf_get_tensor_offset)                   \
    X(gguf_get_tensor_size)                     \
    X(gguf_get_tensor_type)                     \
    X(gguf_get_tensor_ne)                       \
    X(gguf_init_empty)                          \
    X(gguf_set_val_str)                         \
    X(gguf_set_val_u32)                         \
    X(gguf_set_val_f32)                         \
    X(gguf_set_val_bool)                        \
    X(gguf_set_arr_data)                        \
    X(gguf_set_arr_str)                         \
    X(gguf_add_tensor)                          \
    X(gguf_get_meta_size)                       \
    X(gguf_write_to_file)

#define FORETOKEN_GGML_FUNCTIONS(X)    \
    X(ggml_backend_load_all_from_path) \
    X(ggml_backend_reg_count)          \
    X(ggml_backend_dev_count)          \
    X(ggml_backend_dev_get)            \
    X(ggml_backend_dev_by_type)

#define FORETOKEN_LLAMA_FUNCTIONS(X) \
    X(llama_version)                 \
    X(llama_log_get)                 \
    X(llama_log_set)                 \
    X(llama_backend_init)            \
    X(llama_model_default_params)    \
    X(llama_context_default_params)  \
    X(llama_model_load_from_file)    \
    X(llama_model_free)              \
    X(llama_model_get_vocab)         \
    X(llama_model_desc)              \
    X(llama_model_meta_val_str)      \
    X(llama_model_size)              \
    X(llama_model_n_params)          \
    X(llama_model_n_embd)            \
    X(llama_model_n_embd_inp)        \
    X(llama_model_rope_type)         \
    X(llama_model_n_layer)           \
    X(llama_model_n_head)            \
    X(llama_model_n_head_kv)         \
    X(llama_model_n_ctx_train)       \
    X(llama_model_has_encoder)       \
    X(llama_model_has_decoder)       \
    X(llama_model_is_recurrent)      \
    X(llama_model_is_hybrid)         \
    X(llama_model_is_diffusion)      \
    X(llama_vocab_type)              \
    X(llama_vocab_n_tokens)          \
    X(llama_vocab_is_eog)            \
    X(llama_vocab_is_control)        \
    X(llama_vocab_bos)               \
    X(llama_vocab_get_add_bos)       \
    X(llama_vocab_fim_pre)           \
    X(llama_vocab_fim_suf)           \
    X(llama_vocab_fim_mid)           \
    X(llama_vocab_fim_pad)           \
    X(llama_vocab_fim_rep)           \
    X(llama_vocab_fim_sep)           \
    X(llama_tokenize)                \
    X(llama_token_to_piece)          \
    X(llama_init_from_model)         \
    X(llama_free)                    \
    X(llama_set_n_threads)           \
    X(llama_get_memory)              \
    X(llama_memory_clear)            \
    X(llama_memory_seq_rm)           \
    X(llama_memory_seq_cp)           \
    X(llama_memory_seq_keep)         \
    X(llama_memory_seq_pos_max)      \
    X(llama_state_seq_get_size)      \
    X(llama_state_seq_get_data)      \
    X(llama_state_seq_set_data)      \
    X(llama_decode)                  \
    X(llama_synchronize)             \
    X(llama_get_logits)

struct Api {
#define FORETOKEN_POINTER(name) decltype(&::name) name = nullptr;
    FORETOKEN_GGML_BASE_FUNCTIONS(FORETOKEN_POINTER)
    FORETOKEN_GGML_FUNCTIONS(FORETOKEN_POINTER)
    FORETOKEN_LLAMA_FUNCTIONS(FORETOKEN_POINTER)
#undef FORETOKEN_POINTER
};

// Parameters go by value, so a layout other than the library's would corrupt the stack. These sizes
// are those of v0.4.0 on every 64-bit platform: a compiler setting that changes them must not pass.
static_assert(sizeof(void*) == 8, "Only 64-bit platforms are supported.");
static_assert(sizeof(llama_model_params) == 80, "llama_model_params is not laid out as in v0.4.0");
static_assert(sizeof(llama_context_params) == 160,
              "llama_context_params is not laid out as in v0.4.0");
static_assert(sizeof(llama_batch) == 56, "llama_batch is not laid out as in v0.4.0");

}  // namespace foretoken
