#!/usr/bin/env bash
# On the machine with the GPU, in the root of this repository: one command a call, each well under ten minutes.
#
#   bench/gpu/there.sh OUT run GPU [option of run.ts ...]     measure: GPU is vulkan, cuda or cpu
#   bench/gpu/there.sh OUT cuda-build                         libggml-cuda.so for this GPU's architecture; again = goes on
#   bench/gpu/there.sh OUT train PRESET [option of run.sh ..] a chunk of training/run.sh, from the tokens in training/work
#   bench/gpu/there.sh OUT prompt-tokens [option of foretoken train ...]
#   bench/gpu/there.sh OUT part FILE N                        the N-th 60 MiB of a file, in parts of 15 MiB
#
# OUT is a folder whose files come back: the pieces so far as pieces.tar, logs, and trained models where they are small.
# .cache/gpu/pack holds what bench/gpu/pack.ts made; pieces.tar from an earlier machine, put beside it, is taken up again.
set -euo pipefail
root=$PWD pack=$PWD/.cache/gpu/pack home=${FORETOKEN_GPU_HOME:-/tmp/foretoken-gpu}
out=$1 command=$2
shift 2
mkdir -p "$out" "$home/pieces"

unpack() {
  [ -e "$home/unpacked" ] && return
  tar -C "$root" -xJf "$pack/foretoken.tar.xz"
  touch "$home/unpacked"
}

# Where Python packages keep CUDA's libraries, on machines that have them no other way.
cuda_packages() {
  python3 -c 'import glob, site; print(*(p for s in site.getsitepackages() for p in glob.glob(s + "/nvidia/cu*") + glob.glob(s + "/nvidia/cublas")))' 2>/dev/null || true
}

environment() {
  export PATH=$root/bin:$PATH LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}
  local folder
  for folder in /usr/local/cuda/lib64 $(cuda_packages | tr ' ' '\n' | sed 's:$:/lib:'); do
    LD_LIBRARY_PATH=$folder:$LD_LIBRARY_PATH
  done
  # The loader that was carried in serves only where there is none.
  ldconfig -p | grep -q libvulkan.so.1 || LD_LIBRARY_PATH=$LD_LIBRARY_PATH$root/lib
  local driver
  driver=$(find /usr /etc -name 'nvidia_icd*.json' 2>/dev/null | head -1)
  [ -z "$driver" ] || export VK_DRIVER_FILES=$driver
}

collect() {
  [ ! -e "$pack/pieces.tar" ] || tar -C "$home/pieces" --skip-old-files -xf "$pack/pieces.tar"
}

# Only ggml's CUDA module: the rest of node-llama-cpp's CUDA package was carried in and is of the same release.
cuda_build() {
  local architecture library=$root/node_modules/@node-llama-cpp/linux-x64-cuda/bins/linux-x64-cuda/libggml-cuda.so
  architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -1 | tr -d .)
  local packages includes=() found=()
  packages=$(cuda_packages)
  for folder in $packages; do
    includes+=("-I$folder/include")
    for name in cublas cublasLt; do
      local file
      file=$(find "$folder/lib" -name "lib$name.so*" 2>/dev/null | head -1)
      [ -z "$file" ] || found+=("-DCUDA_${name}_LIBRARY=$file")
    done
  done
  cmake -S "$root/ggml" -B "$home/cuda" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON \
    -DGGML_NATIVE=OFF -DGGML_CPU=OFF -DGGML_CUDA=ON -DGGML_CUDA_GRAPHS=ON -DGGML_STANDALONE=ON \
    -DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON "-DCMAKE_CUDA_ARCHITECTURES=${architecture:-90}" \
    "-DCMAKE_CUDA_FLAGS=${includes[*]:-}" "-DCMAKE_CXX_FLAGS=${includes[*]:-}" "${found[@]}" >"$out/cuda-configure.log" 2>&1
  timeout 540 cmake --build "$home/cuda" --target ggml-cuda --parallel "$(nproc)" >"$out/cuda-build.log" 2>&1 || {
    tail -5 "$out/cuda-build.log"
    exit 1
  }
  cp "$(find "$home/cuda" -name libggml-cuda.so | head -1)" "$library"
  ls -l "$library"
}

# What there is comes back, whatever happens.
trap 'tar -C "$home/pieces" -cf "$out/pieces.tar" .' EXIT
unpack
environment
collect
case $command in
  run)
    gpu=$1
    shift
    timeout 580 node bench/gpu/run.mjs --gpu "$gpu" --out "$home/pieces" --models "$home/models" \
      --vocabulary "$root/ggml-vocab-qwen2.gguf" "$@" 2>&1 | tee "$out/run.log"
    ;;
  cuda-build) cuda_build ;;
  train)
    preset=$1
    shift
    PYTHON=python3 timeout 585 training/run.sh --preset "$preset" --until train --call-minutes 8.5 "$@" 2>&1 | tee "$out/train.log"
    (cd training && ls -l "work/run-$preset")
    ;;
  prompt-tokens)
    timeout 580 node dist/cli.cjs train "$@" 2>&1 | tee "$out/prompt-tokens.log"
    ;;
  part)
    split -b 15M -d "$1" "$home/part."
    first=$((($2 - 1) * 4))
    for index in 0 1 2 3; do
      part=$home/part.$(printf %02d $((first + index)))
      [ ! -e "$part" ] || cp "$part" "$out/"
    done
    ;;
  *) echo "unknown command $command" >&2; exit 2 ;;
esac
