// Runs requests against a GGUF with llama.cpp on the CPU: node complete.mjs model.gguf < requests.jsonl > answers.jsonl
// A request is {"text": string} (answer: ids and the text they decode to) or {"tokens": ids, "max": count}
// (answer: greedy ids up to an end-of-generation token, which is included).
import { createInterface } from 'node:readline';
import { getLlama } from 'node-llama-cpp';

const CONTEXT_TOKENS = 1280;

const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: 'error' });
const model = await llama.loadModel({ modelPath: process.argv[2] });
const context = await model.createContext({ contextSize: CONTEXT_TOKENS, threads: 1 });
const sequence = context.getSequence();

function tokenize(text) {
  const ids = model.tokenize(text);
  return { ids, text: model.detokenize(ids) };
}

async function complete(tokens, max) {
  await sequence.clearHistory();
  const ids = [];
  for await (const id of sequence.evaluate(tokens, { temperature: 0, yieldEogToken: true })) {
    ids.push(id);
    if (ids.length >= max || model.isEogToken(id)) break;
  }
  return { ids };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const answer =
    request.text === undefined ? await complete(request.tokens, request.max) : tokenize(request.text);
  process.stdout.write(JSON.stringify(answer) + '\n');
}
await llama.dispose();
