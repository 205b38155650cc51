import assert from 'node:assert/strict';
import type { Editor } from './editor.ts';
import { useEditor } from './use-editor.ts';

interface Example {
  readonly file: string;
  /** Where the typing starts. */
  readonly line: number;
  readonly column: number;
  /** Typed until a completion is offered. */
  readonly parts: readonly string[];
}

const TYPESCRIPT: Example = {
  file: 'inventory.ts',
  line: 28,
  column: 4,
  parts: ['\n\ncount(): number {\nreturn ', 'this', '.', 'items', '.'],
};

const EXAMPLES: Readonly<Record<string, Example>> = {
  TypeScript: TYPESCRIPT,
  JavaScript: {
    file: 'report.js',
    line: 20,
    column: 2,
    parts: ['\n\nfunction total(numbers) {\nlet sum = 0;\nfor (', 'let ', 'i = 0;', ' i', ' <'],
  },
  Python: {
    file: 'shapes.py',
    line: 22,
    column: 1,
    parts: ['\n    def perimeter(self):\nreturn ', 'self', '.', 'width', ' '],
  },
};

describe('typing in the editor', () => {
  const editor = useEditor();

  for (const [language, example] of Object.entries(EXAMPLES)) {
    it(`offers ghost text in ${language}; Tab inserts exactly that`, async () => {
      const ghost = await typeExample(editor(), example);
      await editor().capture(`ghost text in ${language}`);
      const { line, column } = await editor().cursor();
      await editor().accept();
      const accepted = await editor().save(example.file);
      await editor().press('Control+z');
      await editor().goTo(line, column);
      const before = await editor().save(example.file);
      const expected = insertionsAt(before, line, column, ghost);
      assert.ok(expected.includes(accepted), `${ghost}\n---\n${accepted}`);
    });
  }

  it('shows how long it took, behind the line and in the status bar', async () => {
    const { file, line, column, parts } = TYPESCRIPT;
    await editor().open(file);
    await editor().goTo(line, column);
    let figures = '';
    for (const character of parts.join('')) {
      await editor().type(character);
      const seen = await editor().happens(async () => {
        figures = await editor().inlineFigures();
        return figures !== '';
      }, 1_000);
      if (seen) break;
    }
    assert.match(figures, /^<?\d+(\.\d+)? m?s(, [\d.]+ tok\/s)?$/);
    assert.match(await editor().statusItem.innerText(), /Foretoken <?[\d.]+ m?s/);
  });

  it('takes the ghost text away on Escape', async () => {
    const ghost = await typeExample(editor(), TYPESCRIPT);
    const { line, column } = await editor().cursor();
    await editor().press('Escape');
    await editor().waitForNoGhostText();
    const saved = await editor().save(TYPESCRIPT.file);
    assert.equal(saved.split('\n')[line - 1]?.length, column - 1);
    const cursor = saved.split('\n').slice(0, line).join('\n').length;
    assert.ok(!saved.startsWith(ghost, cursor));
  });

  it('keeps what is left of the ghost text while it is typed', async () => {
    const ghost = await typeExample(editor(), TYPESCRIPT);
    // Brackets and quotes would be closed by the editor.
    const [typed = ''] = /^[\w .]{0,4}/.exec(ghost.slice(0, -1)) ?? [];
    assert.notEqual(typed, '');
    for (let index = 1; index <= typed.length; index += 1) {
      await editor().type(ghost.charAt(index - 1));
      const left = ghost.slice(index);
      await editor().until(`"${left}" left`, async () => (await editor().ghostText()) === left);
    }
  });
});

async function typeExample(
  editor: Editor,
  { file, line, column, parts }: Example,
): Promise<string> {
  await editor.open(file);
  await editor.goTo(line, column);
  return editor.typeUntilGhostText(parts);
}

/**
 * The text with the ghost text in it. What stands behind the cursor on its line, a bracket that the editor
 * closed, say, may be a part of the completion: then the ghost text is shown around it.
 */
function insertionsAt(text: string, line: number, column: number, ghost: string): string[] {
  const lines = text.split('\n');
  const rest = lines[line - 1]!.slice(column - 1);
  const above = [...lines.slice(0, line - 1), lines[line - 1]!.slice(0, column - 1)].join('\n');
  const below = lines.slice(line).map((each) => `\n${each}`);
  return Array.from({ length: ghost.length + 1 }, (_, at) =>
    [above, ghost.slice(0, at), rest, ghost.slice(at), ...below].join(''),
  );
}
