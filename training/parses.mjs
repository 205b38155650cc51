// Which files have no syntax error? node parses.mjs typescript|javascript < texts.jsonl > booleans.jsonl
// A line of the input is a JSON string, the text of one file. Types are not checked.
import { createInterface } from 'node:readline';
import ts from 'typescript';

// As TSX and JSX: test files hold both, and generic arrow functions without a comma are rare.
const plain = process.argv[2] === 'javascript' ? 'file.js' : 'file.ts';
const withTags = plain + 'x';

function parses(text, fileName) {
  const options = { target: ts.ScriptTarget.Latest, jsx: ts.JsxEmit.Preserve, allowJs: true };
  const { diagnostics } = ts.transpileModule(text, {
    fileName,
    reportDiagnostics: true,
    compilerOptions: options,
  });
  return diagnostics.length === 0;
}

for await (const line of createInterface({ input: process.stdin })) {
  const text = JSON.parse(line);
  process.stdout.write(`${parses(text, plain) || parses(text, withTags)}\n`);
}
