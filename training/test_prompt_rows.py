"""Tests of the prompt rows that are taken along in training: where they stand and what they see."""

from __future__ import annotations

import unittest

import numpy as np

try:
    import torch
except ImportError as error:
    raise unittest.SkipTest("torch is not installed") from error

from model import Foretoken, ModelConfig, initialise
from prompt_rows import divergence_by_distance, place_prompt_rows, prompt_loss


class PromptRowsTest(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(1)
        config = ModelConfig(width=32, layers=2, heads=2, hidden=64, vocabulary=64, prompts=3)
        self.model = Foretoken(config)
        initialise(self.model, 1)
        for parameter in self.model.parameters():
            parameter.data.add_(torch.randn_like(parameter) * 0.1)
        self.ids = torch.randint(0, 64, (2, 16))

    def rows(self, *insertions: int):
        return place_prompt_rows(np.array(insertions), 3, 16, self.model.output.weight)

    def test_row_i_of_point_t_stands_at_t_plus_i(self) -> None:
        placed = self.rows(4, 9)
        self.assertEqual(placed.positions.tolist(), [5, 6, 7, 10, 11, 12])
        self.assertEqual(placed.teachers.tolist(), placed.positions.tolist())

    def test_a_row_sees_the_text_before_its_point_and_its_own_chain(self) -> None:
        seen = (self.rows(4, 9).mask == 0).int()
        self.assertEqual(seen[1].nonzero().flatten().tolist(), [0, 1, 2, 3, 4, 16, 17])
        self.assertEqual(seen[3].nonzero().flatten().tolist(), [*range(10), 19])

    def test_tokens_do_not_see_prompt_rows(self) -> None:
        with torch.no_grad():
            tokens, _ = self.model.forward_with_prompts(self.ids, self.rows(4, 9))
            self.assertTrue(torch.allclose(tokens, self.model(self.ids), atol=1e-5))

    def test_a_chain_is_what_a_linear_text_with_prompt_embeddings_would_give(self) -> None:
        spare = torch.tensor([61, 62, 63])
        with torch.no_grad():
            self.model.prompts.copy_(self.model.embedding.weight[spare])
            _, guessed = self.model.forward_with_prompts(self.ids, self.rows(4, 9))
            linear = torch.cat([self.ids[:, :10], spare.expand(2, 3)], dim=1)
            self.assertTrue(torch.allclose(guessed[:, 3:], self.model(linear)[:, 10:], atol=1e-5))

    def test_divergence_is_zero_where_the_guess_is_the_teachers_and_counts_near_ones_most(self):
        hidden = torch.randn(2, 6, 32)
        same = divergence_by_distance(hidden, hidden, self.model.output.weight, 3)
        self.assertTrue(torch.allclose(same, torch.zeros(3), atol=1e-5))
        other = divergence_by_distance(hidden, torch.randn(2, 6, 32), self.model.output.weight, 3)
        self.assertTrue(bool((other > 0).all()))
        self.assertAlmostEqual(float(prompt_loss(torch.tensor([3.0, 0, 0]))), 1.0)
        self.assertAlmostEqual(float(prompt_loss(torch.tensor([0, 0, 3.0]))), 0.64, places=5)


if __name__ == "__main__":
    unittest.main()
