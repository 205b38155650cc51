#!/usr/bin/env bash
# From nothing to a GGUF: training/run.sh --preset cpu   (presets: smoke, cpu, cpu-draft, gpu, gpu-draft; see presets.py)
# Every step that is already done is kept; run it again to resume. --workers N: processes that train on the CPU;
# --minutes M: budget the schedule is tied to, instead of the preset's;
# --call-minutes M: stop training after M minutes and resume on the next call; --until STEP: end after that step;
# --target GGUF: what a draft preset learns from (cpu-draft, gpu-draft);
# --from GGUF: continue from that model's weights and vocabulary, at a lower rate;
# --seed S: another choice and other cuts of the documents than a run before read (1 unless told).
set -euo pipefail
cd "$(dirname "$0")"

preset=smoke workers=1 call_minutes=1000000 until=evaluate from= target= minutes= seed=1
while [ $# -gt 0 ]; do
  case $1 in
    --preset) preset=$2 ;;
    --workers) workers=$2 ;;
    --call-minutes) call_minutes=$2 ;;
    --until) until=$2 ;;
    --minutes) minutes=$2 ;;
    --target) target=$(realpath "$2") ;;
    --from) from=$(realpath "$2") ;;
    --seed) seed=$2 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done

python=${PYTHON:-/usr/bin/python3}
llama_source=node-llama-cpp@3.21.1 # its package carries llama.cpp's source, and with it gguf-py
export OMP_NUM_THREADS=1 PYTHONHASHSEED=0
# Keep freed buffers: without this every step gets its 64 MB of logits from the kernel anew (a third of the time).
export MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=2147483648
value() { "$python" -c "from presets import PRESETS; print(PRESETS['$preset'].$1)"; }
step() { echo "== $1 ($(date -u +%H:%M:%S))"; }
finished() { if [ "$until" = "$1" ]; then exit 0; fi; }

work=${FORETOKEN_WORK:-work}
mkdir -p "$work"
run=$work/run-$preset

step fetch
[ -e "$work"/tokens/short.bin ] || "$python" fetch_corpus.py
finished fetch

step corpus
[ -e "$work"/tokens/short.bin ] || [ -e "$work"/corpus/train.jsonl ] || "$python" prepare_corpus.py --cap-mb "$(value cap_mb)"
finished corpus

step gguf-py
if [ ! -d "$work"/llama.cpp ]; then
  npm pack "$llama_source" --silent --pack-destination "$work"
  tar -xzf "$work"/node-llama-cpp-*.tgz -C "$work" package/llama/gitRelease.bundle
  git clone -q "$work"/package/llama/gitRelease.bundle "$work"/llama.cpp
fi

step tokenizer
if [ ! -e "$work"/tokenizer.json ]; then
  if [ -n "$from" ]; then "$python" import_gguf.py "$from"; else "$python" train_tokenizer.py; fi
fi
finished tokenizer

step pack
[ -e "$work"/tokens/long.bin ] || "$python" pack.py --seed "$seed" \
  --short-tokens "$(value short_tokens)" --long-tokens "$(value long_tokens)"
finished pack

step continuations
[ -z "$target" ] || [ -e "$work"/tokens/continuations.json ] ||
  nice -n 19 "$python" continuations.py --target "$target"
finished continuations

step train
nice -n 19 "$python" train.py --preset "$preset" --workers "$workers" --call-minutes "$call_minutes" \
  ${minutes:+--minutes "$minutes"} ${target:+--target "$target"} ${from:+--init-gguf "$from" --rate 0.5}
finished train

step verify
"$python" verify_export.py --checkpoint "$run/checkpoint.pt"

step export
gguf=$run/foretoken-code-$preset.Q8_0.gguf
"$python" export_gguf.py --checkpoint "$run/checkpoint.pt" --name "Foretoken Code ($preset)" --out "$gguf" \
  --prompts "$run/prompt-tokens.f32"
finished export

step evaluate
"$python" evaluate.py --checkpoint "$run/checkpoint.pt" --gguf "$gguf" --out "$run/figures.json" \
  ${from:+--baseline "$from"}
[ -z "$target" ] || "$python" acceptance.py --draft "$gguf" --target "$target" --out "$run/acceptance.json"
