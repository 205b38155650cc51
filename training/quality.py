"""What is wrong with a completion that is not the expected one? Pure functions over text, no torch.

A completion is judged in its document: text before it, its first line, text after it.
"""

from __future__ import annotations

import ast
import json
import subprocess
import warnings

from fim import Split
from paths import HERE

SHORTEST_REPEAT = 3  # letters or digits in a line whose repetition counts


def inserted(split: Split, answer: str, order: str) -> str:
    """The document with the first line of an answer in the place of the middle.

    In the engine's order the model itself writes the white space before the cursor again.
    """
    start = split.prefix.rfind("\n") + 1
    typed = split.prefix[start:]
    if order == "engine":
        typed = typed.rstrip()
    return split.prefix[:start] + typed + answer.split("\n")[0] + split.suffix


def repeats_suffix(answer: str, suffix: str) -> bool:
    """True when a line of the answer is the next line of the document that says something."""
    following = next((line.strip() for line in suffix.split("\n") if is_telling(line)), None)
    return following is not None and following in (line.strip() for line in answer.split("\n"))


def is_telling(line: str) -> bool:
    """Closing brackets alone may well come twice."""
    return sum(character.isalnum() for character in line) >= SHORTEST_REPEAT


def parses_as_python(text: str) -> bool:
    """Whether Python reads the file; warnings about its escapes are nobody's business here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def parse_all(language: str, texts: list[str]) -> list[bool]:
    """For each file whether it has no syntax error; python, typescript or javascript."""
    if language == "python":
        return [parses_as_python(text) for text in texts]
    command = ["node", str(HERE / "parses.mjs"), language]
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    output = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def parsing_share(language: str, originals: list[str], completed: list[str]) -> dict[str, float]:
    """Share of completed files that parse, among those whose original does."""
    found = zip(parse_all(language, originals), parse_all(language, completed))
    judged = [after for before, after in found if before]
    return {"judged": len(judged), "parses": sum(judged) / max(len(judged), 1)}
