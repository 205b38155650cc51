/** Which files of a folder prompts may be cut from. Paths are relative, with slashes. */

const LANGUAGES: Readonly<Record<string, string>> = {
  c: 'c',
  cc: 'cpp',
  cjs: 'javascript',
  cpp: 'cpp',
  cs: 'csharp',
  go: 'go',
  h: 'c',
  hpp: 'cpp',
  java: 'java',
  js: 'javascript',
  jsx: 'javascriptreact',
  kt: 'kotlin',
  mjs: 'javascript',
  mts: 'typescript',
  php: 'php',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  swift: 'swift',
  ts: 'typescript',
  tsx: 'typescriptreact',
};

export const SOURCE_EXTENSIONS: readonly string[] = Object.keys(LANGUAGES);

/** Text that people did not write, or did not write here; hidden folders are left alone anyway. */
const FOREIGN_FOLDER =
  /(^|\/)(\.[^/]+|node_modules|bower_components|vendor|third_party|dist|build|out|target|coverage|__pycache__|site-packages|venv)\//;
const GENERATED_FILE = /(\.min\.[a-z]+|\.d\.[cm]?ts|[._-](generated|pb2?)\.[a-z]+)$/;

/** Larger ones are data, as a rule. */
export const MAX_SOURCE_CHARACTERS = 200_000;

/** The editor's language id, or null for files that hold no code that we know. */
export function languageOf(path: string): string | null {
  const extension = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  return LANGUAGES[extension] ?? null;
}

export function isSourceFile(path: string): boolean {
  return languageOf(path) !== null && !FOREIGN_FOLDER.test(path) && !GENERATED_FILE.test(path);
}
