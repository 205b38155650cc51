"""Tests of the data path, without torch or downloads: python3 -m unittest discover -s training."""

from __future__ import annotations

import json
import random
import unittest
from collections.abc import Iterator

import numpy as np

from fetch_corpus import SPLITS, slug
from fim import FILLED, Split, cut_pieces, engine_lines, fim_tokens, from_line_above
from fim import split_for_editor
from pack import SHARES, fim_samples, pack_rows
from paths import HERE, WORK
from source_filter import LANGUAGES, clean, is_built, is_near_duplicate, line_hashes, prefer_sources
from tokenizer import END_OF_TEXT, FIRST_SPECIAL, SIZE, SPECIAL_ID, SPLIT, Tokenizer, train

CODE = (
    "export function area(width: number, height: number): number {\n  return width * height;\n}\n\n"
)
TEXT = "".join(f"const value{i} = area({i}, {i * 7 % 5}); // line {i}\n{CODE}" for i in range(60))


class TokenizerTest(unittest.TestCase):
    def setUp(self) -> None:
        self.tokenizer = train([TEXT], merges_wanted=200)

    def test_round_trip(self) -> None:
        for text in (TEXT, "", " \t\n\r\n  x", "naïve 世界 🎉", "it's <|endoftext|> 12.5e-7"):
            self.assertEqual(self.tokenizer.decode(self.tokenizer.encode(text)), text)

    def test_text_never_gives_specials(self) -> None:
        self.assertLess(max(self.tokenizer.encode("<|fim_middle|><|endoftext|>")), FIRST_SPECIAL)

    def test_splits_like_qwen2(self) -> None:
        self.assertEqual(
            SPLIT.findall("  foo(a1, 23)\n\n  it's"),
            [" ", " foo", "(a", "1", ",", " ", "2", "3", ")\n\n", " ", " it", "'s"],
        )

    def test_token_texts_are_unique(self) -> None:
        texts = self.tokenizer.token_texts()
        self.assertEqual(len(set(texts)), len(texts))

    def test_specials_fill_the_vocabulary(self) -> None:
        self.assertEqual(max(SPECIAL_ID.values()), SIZE - 1)

    def test_merges_shorten(self) -> None:
        self.assertLess(len(self.tokenizer.encode(TEXT)), len(TEXT) / 2)


class FimTest(unittest.TestCase):
    def setUp(self) -> None:
        self.tokenizer = Tokenizer([])
        self.rng = random.Random(3)

    def test_pieces_join_to_the_document(self) -> None:
        for _ in range(20):
            pieces = cut_pieces(TEXT, self.rng, 50, 900)
            self.assertEqual("".join(pieces), TEXT)
            self.assertTrue(all(len(piece) <= 900 for piece in pieces))

    def test_split_joins_to_the_text(self) -> None:
        for _ in range(500):
            split = split_for_editor(TEXT, self.rng)
            self.assertIsNotNone(split)
            self.assertEqual("".join(split or ()), TEXT)
            self.assertTrue(split and split.middle)

    def test_blank_text_has_no_split(self) -> None:
        self.assertIsNone(split_for_editor(" \n\n  \n", self.rng))

    def test_typed_lines_stand_behind_the_middle_token(self) -> None:
        split = Split("a\nb\n  c", "d", "\ne")
        self.assertEqual(from_line_above(split, 0), Split("a\nb\n", "d", "\ne", "  c"))
        self.assertEqual(from_line_above(split, 1), Split("a\n", "d", "\ne", "b\n  c"))
        self.assertEqual(from_line_above(split, 9), Split("", "d", "\ne", "a\nb\n  c"))
        self.assertEqual(from_line_above(Split("a", "b", "c"), 0), Split("", "b", "c", "a"))

    def test_lines_behind_the_middle_token_begin_at_every_sixteenth(self) -> None:
        lines = [engine_lines("x\n" * above + "typed") for above in (0, 15, 31, 32, 47, 48, 100)]
        self.assertEqual(lines, [0, 15, 31, 16, 31, 16, 20])

    def test_token_order(self) -> None:
        pre, mid, suf = (SPECIAL_ID[f"<|fim_{name}|>"] for name in ("prefix", "middle", "suffix"))
        split = Split("ab", "c", "de")
        filled = [99 | FILLED, END_OF_TEXT | FILLED]
        psm = [pre, 97, 98, suf, 100, 101, mid, *filled]
        spm = [suf, 100, 101, pre, 97, 98, mid, *filled]
        self.assertEqual(fim_tokens(split, self.tokenizer, False, 50), psm)
        self.assertEqual(fim_tokens(split, self.tokenizer, True, 50), spm)
        typed = fim_tokens(Split("a", "c", "de", typed="b"), self.tokenizer, False, 50)
        self.assertEqual(typed, [pre, 97, suf, 100, 101, mid, 98, *filled])

    def test_far_context_is_cut_near_context_stays(self) -> None:
        tokens = (
            fim_tokens(Split("p" * 99 + "P", "m", "S" + "s" * 99), self.tokenizer, False, 30) or []
        )
        self.assertEqual(len(tokens), 30)
        self.assertIn(ord("P"), tokens)
        self.assertIn(ord("S"), tokens)
        self.assertIsNone(fim_tokens(Split("p", "m" * 40, "s"), self.tokenizer, False, 30))


class PackTest(unittest.TestCase):
    def test_samples_stay_whole_and_plain_text_stays_in_order(self) -> None:
        rng = random.Random(5)
        samples = [np.full(rng.randint(1, 32), 1000 + i, np.uint16) for i in range(40)]
        plain = np.arange(900, dtype=np.uint16)
        rows = pack_rows(samples, plain, 32)
        self.assertEqual(rows.shape[1], 32)
        flat = rows.ravel()
        self.assertEqual(flat[flat < 1000].tolist(), list(range((flat < 1000).sum())))
        for row in rows:
            for value in set(row[row >= 1000].tolist()):
                self.assertEqual((row == value).sum(), len(samples[value - 1000]))

    def test_fim_samples_fit_the_row(self) -> None:
        document = {"package": "p", "path": "a/b/c.ts", "language": "typescript", "text": TEXT}
        samples = list(fim_samples(document, random.Random(1), train([TEXT], 200), 128))
        self.assertGreater(len(samples), 3)
        self.assertTrue(all(len(sample) <= 128 and sample[-1] == END_OF_TEXT | FILLED for sample in samples))


class FilterTest(unittest.TestCase):
    def test_built_files_are_refused(self) -> None:
        for path in (
            "dist/index.js",
            "lib/a.min.js",
            "types.d.ts",
            "a/node_modules/b.js",
            "dist-es/x.js",
        ):
            self.assertTrue(is_built(path), path)
        for path in ("src/index.ts", "usr/lib/python3/dist-packages/flask/app.py"):
            self.assertFalse(is_built(path), path)

    def test_licence_headers_go_and_copyleft_files_are_refused(self) -> None:
        self.assertEqual(clean("/* Copyright (c) X. MIT License */\n" + CODE * 3), CODE * 3)
        self.assertIsNone(clean("# GNU General Public License\n" + CODE * 3))
        self.assertIsNone(clean("var a=1;" * 300))

    def test_sources_are_preferred_to_built_files(self) -> None:
        sources = [f"src/{i}.ts" for i in range(5)]
        self.assertEqual(prefer_sources([*sources, "lib/0.js"]), sources)

    def test_near_duplicates(self) -> None:
        seen = line_hashes(TEXT)
        self.assertTrue(
            is_near_duplicate(line_hashes(TEXT + "\nconst another = somethingNew();"), seen)
        )
        self.assertFalse(
            is_near_duplicate(
                line_hashes("\n".join(f"new line number {i}" for i in range(9))), seen
            )
        )

    def test_every_language_has_a_share(self) -> None:
        self.assertEqual(set(LANGUAGES.values()), set(SHARES))
        self.assertAlmostEqual(sum(SHARES.values()), 1.0)


class SplitLeakTest(unittest.TestCase):
    def test_no_package_is_named_twice(self) -> None:
        packages = json.loads((HERE / "packages.json").read_text())
        names = [
            slug(name)
            for kind in ("npm", "debian")
            for split in SPLITS
            for name in packages[kind][split]
        ]
        self.assertEqual(len(names), len(set(names)))

    @unittest.skipUnless((WORK / "corpus" / "train.jsonl").exists(), "no corpus built here")
    def test_no_text_is_in_two_splits(self) -> None:
        held_out, packages = set(), set()
        for split in ("test", "validation"):
            for document in self.documents(split):
                held_out.add(document["text"])
                packages.add(document["package"])
        for document in self.documents("train"):
            self.assertNotIn(document["package"], packages)
            self.assertNotIn(document["text"], held_out)

    @staticmethod
    def documents(split: str) -> Iterator[dict[str, str]]:
        with (WORK / "corpus" / f"{split}.jsonl").open() as lines:
            yield from map(json.loads, lines)


if __name__ == "__main__":
    unittest.main()
