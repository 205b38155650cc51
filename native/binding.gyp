{
  "targets": [
    {
      "target_name": "foretoken",
      "sources": [
        "src/addon.cpp",
        "src/args.cpp",
        "src/background-release.cpp",
        "src/context.cpp",
        "src/create-context.cpp",
        "src/create-trainer.cpp",
        "src/decoder.cpp",
        "src/decoder-tree.cpp",
        "src/embeddings.cpp",
        "src/errors.cpp",
        "src/gguf-check.cpp",
        "src/gguf-file.cpp",
        "src/gguf-content.cpp",
        "src/gguf-limits.cpp",
        "src/gguf-write.cpp",
        "src/library.cpp",
        "src/load-model.cpp",
        "src/log.cpp",
        "src/model.cpp",
        "src/model-core.cpp",
        "src/model-info.cpp",
        "src/options.cpp",
        "src/top-k.cpp",
        "src/trainer.cpp",
        "src/trainer-attention.cpp",
        "src/trainer-backend.cpp",
        "src/trainer-check.cpp",
        "src/trainer-copy.cpp",
        "src/trainer-core.cpp",
        "src/trainer-graph.cpp",
        "src/trainer-kept.cpp",
        "src/trainer-pass.cpp",
        "src/trainer-shape.cpp",
        "src/trainer-source.cpp",
        "src/trainer-teacher.cpp",
        "src/trainer-weights.cpp",
        "src/tree-request.cpp",
        "src/tree-sequences.cpp",
        "src/vocabulary.cpp"
      ],
      "include_dirs": [
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "../.cache/llama-headers/llama",
        "../.cache/llama-headers/ggml",
        "../.cache/llama-headers/generated"
      ],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_CPP_EXCEPTIONS",
        "NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++17", "-O3", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "conditions": [
        [
          "OS=='win'",
          {
            "sources": ["src/dynamic-library-windows.cpp"],
            "defines": ["UNICODE", "NOMINMAX", "_HAS_EXCEPTIONS=1"],
            "msvs_settings": {
              "VCCLCompilerTool": {
                "ExceptionHandling": 1,
                "RuntimeTypeInfo": "true",
                "Optimization": 2,
                "AdditionalOptions": ["/std:c++17", "/utf-8"]
              }
            }
          },
          {
            "sources": ["src/dynamic-library-posix.cpp"]
          }
        ],
        [
          "OS=='linux'",
          {
            "libraries": ["-ldl"]
          }
        ],
        [
          "OS=='mac'",
          {
            "xcode_settings": {
              "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
              "GCC_ENABLE_CPP_RTTI": "YES",
              "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
              "GCC_OPTIMIZATION_LEVEL": "3",
              "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
              "MACOSX_DEPLOYMENT_TARGET": "11.0"
            }
          }
        ]
      ]
    }
  ]
}
