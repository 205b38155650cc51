/**
 * `npm run bench:examples [-- --model M]`: what the editor would show in the sample workspace, as a
 * Markdown table for the model card. The places are chosen by rule, not by hand: lines at equal
 * distances, the cursor behind the first word and what follows it. The rest of the line is taken out,
 * so that the model has to find it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { postprocess } from '../engine/core/completion/postprocess.ts';
import { createEngineClient } from '../engine/client/create-engine-client.ts';
import { findInstallation } from '../engine/installation.ts';
import { DEFAULT_CONFIGURATION } from '../engine/protocol.ts';

const FOLDER = path.resolve(import.meta.dirname, '../test/fixtures/workspace');
const LANGUAGES: Readonly<Record<string, string>> = {
  '.ts': 'typescript',
  '.js': 'javascript',
  '.py': 'python',
};
const EXAMPLES = 10;
const MAX_TOKENS = 32;
/** Lines that hold less are braces and the like. */
const MIN_LINE_CHARACTERS = 16;
/** The first word of a line and the signs behind it. */
const TYPED = /^\s*[\w$]+[^\w$]*/;

interface Place {
  readonly file: string;
  readonly line: number;
  readonly typed: string;
  readonly expected: string;
  readonly prefix: string;
  readonly suffix: string;
}

const { values } = parseArgs({ options: { model: { type: 'string' } } });

function placesOf(file: string): readonly Place[] {
  const lines = readFileSync(path.join(FOLDER, file), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const typed = TYPED.exec(text)?.[0] ?? '';
    if (text.trim().length < MIN_LINE_CHARACTERS || typed === '' || typed === text) return [];
    const above = lines.slice(0, index).map((each) => `${each}\n`);
    const below = lines.slice(index + 1).map((each) => `\n${each}`);
    const expected = text.slice(typed.length);
    const prefix = above.join('') + typed;
    return [{ file, line: index + 1, typed, expected, prefix, suffix: below.join('') }];
  });
}

function choosePlaces(): readonly Place[] {
  const all = readdirSync(FOLDER).sort().flatMap(placesOf);
  return all.filter((_, index) => {
    const turn = (at: number) => Math.floor((at * EXAMPLES) / all.length);
    return index === 0 || turn(index) > turn(index - 1);
  });
}

async function main(): Promise<void> {
  const entry = path.join(findInstallation().root, 'dist', 'engine.cjs');
  const client = createEngineClient({ entry });
  const configuration = {
    ...DEFAULT_CONFIGURATION,
    gpu: 'cpu',
    model: values.model ?? null,
  } as const;
  const state = await client.configure(configuration);
  if (state.kind !== 'ready') throw new Error(JSON.stringify(state));
  console.log('| place | typed | shown | the file says |\n| --- | --- | --- | --- |');
  for (const place of choosePlaces()) {
    const { file, prefix, suffix } = place;
    const languageId = LANGUAGES[path.extname(file)] ?? 'plaintext';
    const outcome = await client.complete(
      {
        document: { path: file, languageId, prefix, suffix },
        mode: 'auto',
        maxTokens: MAX_TOKENS,
        deadlineMs: null,
        latencyBudgetMs: null,
        multiline: false,
        streamId: null,
      },
      new AbortController().signal,
    );
    if (outcome.kind !== 'completed') throw new Error(JSON.stringify(outcome));
    const indentation = { insertSpaces: true, tabSize: languageId === 'python' ? 4 : 2 };
    const shown = postprocess(outcome.text, { prefix, suffix, languageId, indentation });
    const text = shown.kind === 'show' ? code(shown.text) : `nothing (${shown.reason})`;
    const cells = [`${file}:${place.line}`, code(place.typed), text, code(place.expected)];
    console.log(`| ${cells.join(' | ')} |`);
  }
  await client.dispose();
}

function code(text: string): string {
  return `\`${text.trim().replaceAll('|', '\\|').replaceAll('\n', '⏎')}\``;
}

await main();
