import assert from 'node:assert/strict';
import {
  checkGates,
  DOCUMENT_LIMIT_CHARS,
  LINE_LIMIT_CHARS,
  looksBinary,
  type GateInput,
} from '../../../engine/core/completion/gates.ts';
import {
  explainGate,
  explainReject,
  type GateReason,
  type RejectReason,
} from '../../../engine/core/completion/reasons.ts';

type Options = Partial<GateInput>;

/** `proceed`, `proceed, one line`, or the reason. */
function run(markedLine: string, options: Options = {}): string {
  const cursor = markedLine.indexOf('|');
  const outcome = checkGates({
    trigger: 'automatic',
    linePrefix: markedLine.slice(0, cursor),
    lineSuffix: markedLine.slice(cursor + 1),
    isLastLine: false,
    documentLengthChars: 1000,
    isBinaryLike: false,
    selectionCount: 1,
    selectionIsEmpty: true,
    enabled: true,
    languageEnabled: true,
    multilineEnabled: true,
    justAccepted: false,
    selectedSuggestion: null,
    ...options,
  });
  if (outcome.kind === 'skip') return outcome.reason;
  return outcome.multiline ? 'proceed' : 'proceed, one line';
}

function check(
  subject: string,
  rows: readonly (readonly [line: string, expected: string, options?: Options])[],
): void {
  describe(subject, () => {
    for (const [line, expected, options] of rows) {
      it(`${line} ${JSON.stringify(options ?? {})} -> ${expected}`, () => {
        assert.equal(run(line, options), expected);
      });
    }
  });
}

const manual: Options = { trigger: 'manual' };

describe('gates', () => {
  check('text to the right of the cursor', [
    ['foo|', 'proceed'],
    ['  |', 'proceed'],
    ['foo(|)', 'proceed'],
    ['foo(|);', 'proceed'],
    ['foo([|]);', 'proceed'],
    ['foo(|) {', 'proceed'],
    ['def foo(|):', 'proceed'],
    ['{ "a": "|",', 'proceed'],
    ['{ a: [|] },', 'proceed'],
    ['<p>|</p>', 'proceed'],
    ['<p class="|">', 'proceed'],
    ['/* | */', 'proceed'],
    ['foo|   ', 'proceed'],
    ['fo|o', 'inside-word'],
    ['fo|1', 'inside-word'],
    ['|_x', 'inside-word'],
    ['x|é', 'inside-word'],
    ['x|ש', 'inside-word'],
    ['x = | + 1', 'text-after-cursor'],
    ['foo(|, b)', 'text-after-cursor'],
    ['foo(|);;', 'text-after-cursor'],
    ['foo(|) => {', 'text-after-cursor'],
    ['foo(| // why', 'text-after-cursor'],
    ['|.then()', 'text-after-cursor'],
  ]);

  check('text to the left of the cursor', [
    ['foo()|', 'after-closed-statement'],
    ['foo();|', 'after-closed-statement'],
    ['x[0]|', 'after-closed-statement'],
    ['}|', 'after-closed-statement'],
    ['} |', 'proceed'],
    ['foo(|', 'proceed'],
    ['foo(bar()|)', 'after-closed-statement'],
    ['foo.|', 'proceed'],
    ['|', 'proceed'],
    ['|', 'empty-last-line', { isLastLine: true }],
    ['|  ', 'empty-last-line', { isLastLine: true }],
    ['  |', 'proceed', { isLastLine: true }],
    ['x|', 'proceed', { isLastLine: true }],
    ['foo|', 'just-accepted', { justAccepted: true }],
  ]);

  check('a manual trigger', [
    ['fo|o', 'proceed, one line', manual],
    ['x = | + 1', 'proceed, one line', manual],
    ['foo();|', 'proceed', manual],
    ['|', 'proceed', { ...manual, isLastLine: true }],
    ['foo|', 'proceed', { ...manual, justAccepted: true }],
    ['foo|', 'disabled', { ...manual, enabled: false }],
    ['foo|', 'language-disabled', { ...manual, languageEnabled: false }],
    ['foo|', 'multiple-cursors', { ...manual, selectionCount: 2 }],
    ['foo|', 'selection', { ...manual, selectionIsEmpty: false }],
    ['foo|', 'binary-text', { ...manual, isBinaryLike: true }],
    ['foo|', 'document-too-long', { ...manual, documentLengthChars: DOCUMENT_LIMIT_CHARS + 1 }],
  ]);

  check('hard gates', [
    ['foo|', 'disabled', { enabled: false, languageEnabled: false, selectionCount: 3 }],
    ['foo|', 'language-disabled', { languageEnabled: false }],
    ['foo|', 'multiple-cursors', { selectionCount: 2 }],
    ['foo|', 'selection', { selectionIsEmpty: false }],
    ['foo|', 'proceed', { documentLengthChars: DOCUMENT_LIMIT_CHARS }],
    [`${'x'.repeat(LINE_LIMIT_CHARS)}|`, 'proceed'],
    [`${'x'.repeat(LINE_LIMIT_CHARS)}|)`, 'line-too-long'],
    ['foo|', 'proceed, one line', { multilineEnabled: false }],
  ]);

  check('an item selected in the suggest widget', [
    ['foo()|', 'proceed', { selectedSuggestion: 'bar' }],
    ['foo|', 'proceed', { selectedSuggestion: 'bar', justAccepted: true }],
    ['fo|o', 'inside-word', { selectedSuggestion: 'bar' }],
  ]);

  it('tells binary from text', () => {
    assert.equal(looksBinary(''), false);
    assert.equal(looksBinary('plain text, 日本語, 😀'), false);
    assert.equal(looksBinary('a\0b'), true);
    assert.equal(looksBinary('\uFFFD\uFFFDPNG'), true);
    assert.equal(looksBinary('latin-1 caf\uFFFD '.padEnd(400, 'x')), false);
  });
});

describe('reasons', () => {
  const gates: Record<GateReason, true> = {
    disabled: true,
    'language-disabled': true,
    'multiple-cursors': true,
    selection: true,
    'binary-text': true,
    'document-too-long': true,
    'line-too-long': true,
    'inside-word': true,
    'text-after-cursor': true,
    'after-closed-statement': true,
    'empty-last-line': true,
    'just-accepted': true,
  };
  const rejects: Record<RejectReason, true> = {
    empty: true,
    'single-character': true,
    'already-in-document': true,
    'rewrites-line-above': true,
    'echoes-prompt': true,
    repetitive: true,
    unbalanced: true,
  };

  it('are one plain sentence each, and different ones', () => {
    const sentences = [
      ...(Object.keys(gates) as GateReason[]).map(explainGate),
      ...(Object.keys(rejects) as RejectReason[]).map(explainReject),
    ];
    for (const sentence of sentences) assert.match(sentence, /^[A-Z][^.]+\.$/);
    assert.equal(new Set(sentences).size, sentences.length);
  });
});
