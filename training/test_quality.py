"""Tests of how completions are judged; no torch and no model. One needs node and `npm ci`."""

from __future__ import annotations

import unittest

from fim import Split
from quality import inserted, parse_all, parsing_share, repeats_suffix


class InsertedTest(unittest.TestCase):
    def test_only_the_first_line_is_put_between_prefix_and_suffix(self) -> None:
        split = Split("a\n  return ", "1;", "\n}\n")
        self.assertEqual(inserted(split, "2;\nmore", "psm"), "a\n  return 2;\n}\n")

    def test_in_the_engines_order_white_space_before_the_cursor_comes_from_the_answer(self) -> None:
        split = Split("a\n  return ", "1;", "\n}\n")
        self.assertEqual(inserted(split, " 2;", "engine"), "a\n  return 2;\n}\n")
        self.assertEqual(inserted(Split("a\n  ", "b", "\n"), "  c", "engine"), "a\n  c\n")


class RepeatsSuffixTest(unittest.TestCase):
    def test_the_next_telling_line_counts(self) -> None:
        self.assertTrue(repeats_suffix("x\n  return one;", "\n}\n  return one;\n"))
        self.assertFalse(repeats_suffix("x\n  return two;", "\n}\n  return one;\n"))

    def test_brackets_do_not_count(self) -> None:
        self.assertFalse(repeats_suffix("x\n})", "\n})\n"))
        self.assertFalse(repeats_suffix("", ""))


class ParseTest(unittest.TestCase):
    def test_python(self) -> None:
        self.assertEqual(parse_all("python", ["a = 1\n", "a = (\n", "\0"]), [True, False, False])

    def test_typescript_and_javascript(self) -> None:
        texts = ["const a: number = 1;", "const a = (1;", "const a = <b>x</b>;"]
        self.assertEqual(parse_all("typescript", texts), [True, False, True])
        self.assertEqual(parse_all("javascript", texts), [False, False, True])

    def test_files_that_were_broken_before_are_not_judged(self) -> None:
        figures = parsing_share("python", ["a = 1", "a = (", "b = 2"], ["a = 2", "a = 2", "b = )"])
        self.assertEqual(figures, {"judged": 2, "parses": 0.5})


if __name__ == "__main__":
    unittest.main()
