/** Post-processing that looks at the text alone: what no editor should ever be given. */
import { isHighSurrogate, isLowSurrogate } from './lines.ts';

/**
 * Spellings of FIM, end and file tokens that models or broken vocabularies let through as text:
 * `<|fim_pad|>`, `<|endoftext|>`, `<fim_middle>`, `<EOT>`, `<｜fim▁hole｜>`, ...
 */
const SPECIAL_TOKEN =
  /<[|｜](?!cursor)[a-z][a-z0-9_▁-]*[|｜]>|<\/?(?:fim|file|repo)_[a-z]+>|<(?:EOT|EOD|MID|SUF|unk)>/gi;
/** Marks a place in the text rather than its end. */
const CURSOR_TOKEN = /<\|cursor\|>/g;
/** A token cut off by the end of decoding. */
const BROKEN_TOKEN = /<[|｜](?:fim|end|file|repo|cursor|im|eot)[a-z0-9_▁-]*[|｜]?$/i;

/** LF line ends, whole characters, no leftovers of special tokens. */
export function cleanText(raw: string, document: { prefix: string; suffix: string }): string {
  const text = raw.replaceAll('\r\n', '\n').replaceAll('\r', '').replaceAll('\0', '');
  return wholeText(scrubTokens(text, document));
}

/**
 * Special tokens at the start go; the next one ends the text. A document that spells a token itself
 * (code about language models does) may be given it.
 */
function scrubTokens(raw: string, { prefix, suffix }: { prefix: string; suffix: string }): string {
  const written = (token: string): boolean => prefix.includes(token) || suffix.includes(token);
  let text = written('<|cursor|>') ? raw : raw.replace(CURSOR_TOKEN, '');
  for (const match of raw.matchAll(SPECIAL_TOKEN)) {
    const [token] = match;
    if (written(token)) continue;
    const at = text.indexOf(token);
    if (text.slice(0, at).trim() !== '') return text.slice(0, at);
    text = text.slice(at + token.length);
  }
  return text.replace(BROKEN_TOKEN, '');
}

/** Without half characters at the ends, where decoding was cut. */
function wholeText(text: string): string {
  const start = isLowSurrogate(text.charCodeAt(0)) ? 1 : 0;
  const end = isHighSurrogate(text.charCodeAt(text.length - 1)) ? -1 : undefined;
  return text.slice(start, end).replace(/\uFFFD+$/, '');
}
