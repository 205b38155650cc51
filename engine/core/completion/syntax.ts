/** The little that is known about languages: enough to tell brackets in code from those in text. */

export interface Syntax {
  /** What begins a comment up to the line's end. */
  readonly lineComments: readonly string[];
  /** Whether `/* ... *` + `/` is a comment. */
  readonly blockComments: boolean;
  readonly quotes: string;
  /** Quotes whose strings go on over line ends. */
  readonly multilineQuotes: string;
  /** Whether three quotes delimit a string of several lines. */
  readonly tripleQuotes: boolean;
  /** Blocks end by indentation alone. */
  readonly indentedBlocks: boolean;
  /** A `)` may stand alone: `case` patterns of shells. */
  readonly loneParentheses: boolean;
  /** Natural language: brackets and indentation say little. */
  readonly prose: boolean;
}

const C_LIKE: Syntax = {
  lineComments: ['//'],
  blockComments: true,
  quotes: '"\'`',
  multilineQuotes: '`',
  tripleQuotes: false,
  indentedBlocks: false,
  loneParentheses: false,
  prose: false,
};
/** Quotes are also lifetimes, type variables or primes. */
const LONE_QUOTES: Syntax = { ...C_LIKE, quotes: '"', multilineQuotes: '"' };
const SCRIPT: Syntax = { ...C_LIKE, lineComments: ['#'], blockComments: false };
const SHELL: Syntax = { ...SCRIPT, multilineQuotes: '"\'`', loneParentheses: true };
const PYTHON: Syntax = { ...SCRIPT, quotes: '"\'', tripleQuotes: true, indentedBlocks: true };
const DASHES: Syntax = { ...C_LIKE, lineComments: ['--'], quotes: '"\'', multilineQuotes: '' };
const LISP: Syntax = { ...LONE_QUOTES, lineComments: [';'], blockComments: false };
/** Nothing but brackets. */
export const PROSE: Syntax = {
  ...C_LIKE,
  lineComments: [],
  blockComments: false,
  quotes: '',
  multilineQuotes: '',
  prose: true,
};

const GROUPS: readonly (readonly [Syntax, string])[] = [
  [LONE_QUOTES, 'rust ocaml fsharp'],
  [{ ...C_LIKE, tripleQuotes: true }, 'java kotlin scala swift dart groovy csharp'],
  [{ ...C_LIKE, lineComments: ['//', '#'] }, 'php terraform hcl'],
  [{ ...SCRIPT, multilineQuotes: '"\'`' }, 'perl ruby r makefile dockerfile elixir'],
  [SHELL, 'shellscript'],
  [{ ...SCRIPT, tripleQuotes: true }, 'julia toml'],
  [PYTHON, 'python cython mojo nim gdscript starlark'],
  [{ ...SCRIPT, quotes: '"\'', indentedBlocks: true }, 'yaml dockercompose coffeescript'],
  [DASHES, 'sql lua ada vhdl'],
  [{ ...DASHES, quotes: '"', indentedBlocks: true }, 'haskell elm'],
  [LISP, 'lisp clojure scheme racket'],
  [PROSE, 'plaintext markdown latex tex restructuredtext git-commit scminput asciidoc'],
];

const BY_LANGUAGE: ReadonlyMap<string, Syntax> = new Map(
  GROUPS.flatMap(([syntax, ids]) => ids.split(' ').map((id) => [id, syntax] as const)),
);

/** By VS Code's language identifier; unknown ones are taken for relatives of C. */
export function syntaxOf(languageId: string): Syntax {
  return BY_LANGUAGE.get(languageId) ?? C_LIKE;
}
