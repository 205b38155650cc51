"""Which files of a package are worth learning from: pure functions over paths and texts."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

LANGUAGES = {
    ".ts": "typescript", ".tsx": "typescript", ".mts": "typescript",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".py": "python", ".rs": "rust", ".go": "go",
    ".c": "c++", ".h": "c++", ".cpp": "c++", ".hpp": "c++",
    ".json": "json", ".html": "html", ".css": "css", ".scss": "css", ".less": "css",
    ".md": "markdown",
}  # fmt: skip
MIN_CHARACTERS, MAX_CHARACTERS = 150, 80_000
MAX_LINE, MAX_MEAN_LINE = 300, 70
PERMISSIVE = re.compile(
    r"\b(MIT|Apache|BSD|0BSD|ISC|Unlicense|CC0|BlueOak|Zlib|PSF|Python|BSL|Boost|Expat)", re.I
)
COPYLEFT = re.compile(
    r"GNU (Lesser |Library |Affero )?General Public|Mozilla Public Licen"
    r"|GPL-[23]|\bLGPL\b|SPDX\S* MPL"
)

BUILT_FOLDER = re.compile(
    r"(^|/)(node_modules|vendor|third[_-]?party|_vendor|dist(-(?!packages)[^/]*)?|build|umd|cjs"
    r"|commonjs|esm?|bundles?|compiled|out"
    r"|locales?|i18n|lang|__snapshots__|__pycache__|min|generated|migrations|unicode|data)(/|$)",
    re.I,
)
BUILT_FILE = re.compile(
    r"\.d\.[mc]?ts$|\.min\.|[.-]bundle\.|\.umd\.|\.iife\.|package(-lock)?\.json$|changelog|_pb2",
    re.I,
)
GENERATED = re.compile(
    r"@generated|do not edit|auto-?generated|automatically generated|generated (by|from)"
    r"|machine generated",
    re.I,
)
COMPILED = re.compile(
    r"__esModule|__createBinding|_interopRequire|__webpack_require__|sourceMappingURL|__awaiter"
    r"|_classCallCheck|_jsxs?\(|@swc/helpers"
)
LICENCE_WORD = re.compile(r"copyright|licen[sc]e|SPDX", re.I)
LEADING_COMMENT = re.compile(
    r"\A(#![^\n]*\n)?\s*"
    r"(/\*.*?\*/\s*|<!--.*?-->\s*|(?:(?://|#(?!include|define|if|pragma))[^\n]*\n)+\s*)",
    re.S,
)


def language_of(path: str) -> str | None:
    """The language by file ending, None when the ending is not one that is trained on."""
    return LANGUAGES.get(PurePosixPath(path).suffix.lower())


def is_built(path: str) -> bool:
    """True for output of a build step, vendored code, translations and data tables."""
    return bool(BUILT_FOLDER.search(str(PurePosixPath(path).parent)) or BUILT_FILE.search(path))


def strip_licence(text: str) -> str:
    """Drop leading comments that speak of a licence; they would be learnt by heart otherwise."""
    while True:
        match = LEADING_COMMENT.match(text)
        if not match or not LICENCE_WORD.search(match.group(2)):
            return text
        text = text[match.end() :]


def clean(text: str) -> str | None:
    """The text as it goes into the corpus, or None when no person would write it in an editor."""
    if COPYLEFT.search(text[:4000]):
        return None
    text = strip_licence(text.lstrip("\ufeff").replace("\r\n", "\n"))
    if not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS or "\r" in text or "\0" in text:
        return None
    lines = text.split("\n")
    if max(map(len, lines)) > MAX_LINE or len(text) / len(lines) > MAX_MEAN_LINE:
        return None
    if GENERATED.search(text[:1000]) or COMPILED.search(text):
        return None
    return text if mostly_prose_or_code(text) else None


def mostly_prose_or_code(text: str) -> bool:
    """False for tables of numbers and for text that is mostly outside ASCII."""
    digits = sum(map(text.count, "0123456789"))
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return digits < 0.15 * len(text) and foreign < 0.05 * len(text)


def prefer_sources(paths: list[str]) -> list[str]:
    """Of an npm package that ships both `src` and built files, only what people wrote."""
    written = [
        p for p in paths if re.search(r"(^|/)(src|source|examples?|docs?|tests?|__tests__)/", p)
    ]
    return written if len(written) >= 5 else paths


def line_hashes(text: str) -> set[int]:
    """Hashes of the lines long enough to be telling; the unit of near-duplicate detection."""
    return {hash(line) for line in map(str.strip, text.split("\n")) if len(line) > 12}


def is_near_duplicate(lines: set[int], seen: set[int]) -> bool:
    """True when 60 % of at least five telling lines were already in earlier files."""
    return len(lines) >= 5 and len(lines & seen) > 0.6 * len(lines)
