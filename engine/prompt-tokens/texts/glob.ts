/**
 * A glob as a regular expression over a whole path with forward slashes: `*` and `?` within a name,
 * `**` over any number of folders, `[...]`, and `{a,b}` where `braces` are on, as in VS Code's
 * settings. `.gitignore` has no braces.
 */
export function globToRegExp(glob: string, { braces }: { readonly braces: boolean }): RegExp {
  let source = '';
  let depth = 0;
  for (let index = 0; index < glob.length;) {
    const rest = glob.slice(index);
    const token = TOKENS.exec(rest)?.[0] ?? rest.charAt(0);
    index += token.length;
    if (braces && token === '{') depth += 1;
    if (braces && token === '}') depth -= 1;
    source += translate(token, braces, depth);
  }
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    // A pattern that is none, such as an open brace, stands for itself.
    return new RegExp(`^${escape(glob)}$`);
  }
}

/** `**` with its slashes, a class of characters, an escaped character. */
const TOKENS = /^(?:\*\*\/|\/\*\*$|\*\*|\[!?\]?[^\]]*\]|\\.)/s;

function translate(token: string, braces: boolean, depth: number): string {
  if (token === '**/') return '(?:[^/]*/)*';
  if (token === '/**') return '/.*';
  if (token === '**') return '.*';
  if (token === '*') return '[^/]*';
  if (token === '?') return '[^/]';
  if (token.startsWith('[') && token.length > 1) {
    const negated = token.startsWith('[!');
    const members = token.slice(negated ? 2 : 1, -1).replace(/[\\\]^]/g, '\\$&');
    return `(?!/)[${negated ? '^' : ''}${members}]`;
  }
  if (token.startsWith('\\') && token.length > 1) return escape(token.slice(1));
  if (braces && token === '{') return '(?:';
  if (braces && token === '}') return ')';
  if (braces && token === ',' && depth > 0) return '|';
  return escape(token);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
