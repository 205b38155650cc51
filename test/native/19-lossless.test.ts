import assert from 'node:assert/strict';
import type { DecodingMode } from '../../engine/core/decode/decoding-mode.ts';
import { buildPrompt } from '../../engine/core/prompt/fim-prompt.ts';
import { promptVocabulary } from '../../engine/native/vocabulary.ts';
import {
  continuePrompt,
  leadsInBatches,
  prefill,
  type Prefilled,
} from './support/continue-prompt.ts';
import { seededRandom } from './support/random.ts';
import { repositoryPrompts } from './support/repository-prompts.ts';
import { openShippedModel, type ShippedModel } from './support/shipped-model.ts';
import { BATCH_SHAPE_TOLERANCE, below, type Random } from './support/trees.ts';

const MODES = [
  'ngram',
  'ppd-static',
  'ppd-adaptive',
  'ppd-ngram',
  'draft',
] as const satisfies readonly DecodingMode[];
const PROMPTS = 200;
const MOST_PROMPT_TOKENS = 400;
const TOKENS = 48;
/** How often each text is evaluated again, in batches of random lengths. */
const REPLAYS = 2;

/**
 * The bound of what counts as noise. Another batch shape moves every logit by at most the tolerance,
 * hence the difference of two by at most twice as much. How far it really moves them is measured
 * below, on the same texts; this keeps an error in the batches themselves from passing for noise.
 */
const MOST_NOISE = 2 * BATCH_SHAPE_TOLERANCE;
/** Prompts that may part at a near tie: far more than do. */
const MOST_TIED_SHARE = 0.05;

interface Divergence {
  readonly prompt: number;
  readonly position: number;
  readonly marginOfPlain: number;
}

interface ModeRecord {
  readonly divergences: Divergence[];
  tokens: number;
  steps: number;
}

/** What ships, as it ships: whatever weights these are, every mode gives plain decoding's text. */
describe(`the shipped model over ${PROMPTS} prompts`, function () {
  this.timeout(1_800_000);
  const records = new Map<DecodingMode, ModeRecord>(
    MODES.map((mode) => [mode, { divergences: [], tokens: 0, steps: 0 }]),
  );
  const languages = new Map<string, number>();
  const promptLengths: number[] = [];
  let shipped: ShippedModel;
  /** Logits by which another batch shape moved a margin of plain decoding, at most. */
  let noise = 0;

  before(async () => {
    shipped = await openShippedModel();
    const vocabulary = promptVocabulary(shipped.model);
    const random = seededRandom(4);
    for (const [index, prompt] of repositoryPrompts(PROMPTS).entries()) {
      const text = { prefix: prompt.prompt, suffix: prompt.suffix };
      const { tokens } = buildPrompt(vocabulary, text, MOST_PROMPT_TOKENS);
      promptLengths.push(tokens.length);
      languages.set(prompt.language, (languages.get(prompt.language) ?? 0) + 1);
      await compare(index, await prefill(shipped, tokens, prompt.language), random);
    }
  });
  after(() => shipped.dispose());

  /** One prefill for all modes: they go on from the same row and the same cache. */
  async function compare(index: number, prompt: Prefilled, random: Random): Promise<void> {
    const plain = await continuePrompt(shipped, prompt, 'plain', TOKENS);
    for (let round = 0; round < REPLAYS; round += 1) {
      const lengths = (): number => 2 + below(random, 15);
      const leads = await leadsInBatches(shipped, prompt, plain.tokens, lengths);
      for (const [position, lead] of leads.entries()) {
        noise = Math.max(noise, Math.abs(lead - plain.margins[position]!));
      }
    }
    for (const [mode, record] of records) {
      const { tokens, steps } = await continuePrompt(shipped, prompt, mode, TOKENS);
      record.tokens += tokens.length;
      record.steps += steps;
      const position = firstDifference(plain.tokens, tokens);
      if (position === null) continue;
      const marginOfPlain = plain.margins[position] ?? Infinity;
      record.divergences.push({ prompt: index, position, marginOfPlain });
    }
  }

  it('takes prompts of 100 to 400 tokens in six languages', () => {
    assert.equal(promptLengths.length, PROMPTS);
    assert.equal(languages.size, 6);
    assert.ok(Math.min(...promptLengths) >= 100, `${Math.min(...promptLengths)}`);
  });

  it('chooses by margins that another batch shape hardly moves', () => {
    console.log(`      ${noise.toFixed(3)} logits`);
    assert.ok(noise > 0 && noise <= MOST_NOISE, `${noise}`);
  });

  for (const [mode, record] of records) {
    it(`${mode}: the text of plain decoding, near ties excepted`, () => {
      const { divergences, tokens, steps } = record;
      const perStep = tokens / steps;
      const margins = divergences.map(({ marginOfPlain }) => marginOfPlain.toFixed(3));
      console.log(
        `      ${perStep.toFixed(2)} tokens a step, parted at margins [${margins.join()}]`,
      );
      const clear = divergences.filter(({ marginOfPlain }) => marginOfPlain > noise);
      assert.deepEqual(clear, []);
      assert.ok(divergences.length <= MOST_TIED_SHARE * PROMPTS, `${divergences.length} parted`);
      // It did guess, and guesses were accepted.
      assert.ok(perStep > 1.05, `${perStep}`);
    });
  }
});

/** Where one of them ends and the other does not, that is a difference too. */
function firstDifference(left: readonly number[], right: readonly number[]): number | null {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) if (left[index] !== right[index]) return index;
  return null;
}
