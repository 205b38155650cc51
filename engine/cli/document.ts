import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { languageOf } from '../core/bench/source-files.ts';
import type { DocumentContext } from '../protocol.ts';
import { UsageError } from './arguments.ts';

/** Far over any file written by people, and still no strain on memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Characters around the cursor that are sent to the engine, which cuts them to its context. */
const PREFIX_CHARACTERS = 32_000;
const SUFFIX_CHARACTERS = 8_000;

/** The text around a place in a file. Line ends become LF, as in the extension. */
export async function readDocument(
  file: string,
  line: number,
  column: number,
): Promise<DocumentContext> {
  const text = (await read(file)).replace(/\r\n?/g, '\n');
  const lines = text.split('\n');
  const current = lines[line - 1];
  if (current === undefined) {
    throw new UsageError(`${file} ends at line ${lines.length}: there is no line ${line}.`);
  }
  if (column > current.length + 1) {
    throw new UsageError(`Line ${line} of ${file} ends at column ${current.length + 1}.`);
  }
  const above = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const offset = above + column - 1;
  return {
    path: path.basename(file),
    languageId: languageOf(file) ?? 'plaintext',
    prefix: text.slice(Math.max(0, offset - PREFIX_CHARACTERS), offset),
    suffix: text.slice(offset, offset + SUFFIX_CHARACTERS),
  };
}

async function read(file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  if (found === null) throw new UsageError(`There is no file ${file}.`);
  if (!found.isFile()) throw new UsageError(`${file} is not a file.`);
  if (found.size > MAX_FILE_BYTES) throw new UsageError(`${file} is over 64 MiB: too large.`);
  return readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read: check permissions.`);
  });
}
