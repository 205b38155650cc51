"""Tests of the network and the loss; they need torch and take seconds."""

from __future__ import annotations

import unittest

import numpy as np

try:
    import torch
    from torch.nn import functional as F
except ImportError as error:
    raise unittest.SkipTest("torch is not installed") from error

from fim import FILLED
from model import Foretoken, ModelConfig, causal_attention, initialise, linear_cross_entropy
from model import pair_rotation
from optimizer import Optimizer, flatten, orthogonalise
from tokenizer import END_OF_TEXT, SPECIAL_ID
from train import ids_of, importance_of, rate_at

TINY = ModelConfig(width=64, layers=2, heads=2, hidden=96, vocabulary=320)


class LossTest(unittest.TestCase):
    def test_equals_torch_with_importance(self) -> None:
        torch.manual_seed(1)
        hidden = torch.randn(700, 32, requires_grad=True)
        weight = torch.randn(90, 32, requires_grad=True)
        targets, importance = torch.randint(90, (700,)), torch.rand(700)
        losses = []
        for loss in (
            linear_cross_entropy(hidden, weight, targets, importance),
            (F.cross_entropy(hidden @ weight.t(), targets, reduction="none") * importance).sum(),
        ):
            losses.append([loss.detach(), *torch.autograd.grad(loss, (hidden, weight))])
        for ours, theirs in zip(*losses):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)

    def test_importance_marks_the_middle_and_its_end(self) -> None:
        middle = SPECIAL_ID["<|fim_middle|>"]
        filled = [9 | FILLED, END_OF_TEXT | FILLED]
        row = np.array([[5, END_OF_TEXT, 7, middle, 8, *filled, 6]], np.uint16)
        self.assertEqual(importance_of(row, 1, 4).tolist(), [[1, 1, 1, 1, 4, 4, 1, 0]])
        self.assertEqual(ids_of(row, "cpu").tolist(), [[5, END_OF_TEXT, 7, middle, 8, 9, END_OF_TEXT, 6]])


class ModelTest(unittest.TestCase):
    def test_blocks_of_queries_change_nothing(self) -> None:
        torch.manual_seed(2)
        q, k, v = torch.randn(3, 1, 2, 600, 16).unbind(0)
        scores = (q @ k.transpose(2, 3)) / 4 + torch.full((600, 600), float("-inf")).triu(1)
        torch.testing.assert_close(causal_attention(q, k, v), torch.softmax(scores, -1) @ v)

    def test_later_tokens_do_not_matter(self) -> None:
        model = Foretoken(TINY)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        ids = torch.randint(320, (1, 40))
        changed = ids.clone()
        changed[0, 30:] = 3
        torch.testing.assert_close(model(ids)[:, :30], model(changed)[:, :30])

    def test_pair_rotation(self) -> None:
        rotated = torch.tensor([1.0, 2.0, 3.0, 4.0]) @ pair_rotation(4)
        self.assertEqual(rotated.tolist(), [-2.0, 1.0, -4.0, 3.0])


class OptimizerTest(unittest.TestCase):
    def test_orthogonalised_singular_values_are_near_one(self) -> None:
        values = torch.linalg.svdvals(orthogonalise(torch.randn(3, 24, 40)))
        self.assertTrue(bool(((values > 0.5) & (values < 1.5)).all()))

    def test_learns_a_constant_sequence(self) -> None:
        model = Foretoken(TINY)
        initialise(model, 1)
        master, working, slots = flatten(model, torch.float32)
        optimizer = Optimizer(master, slots)
        ids = torch.arange(20).repeat(4, 1)
        losses = []
        for _ in range(20):
            weights = torch.ones(4, 19)
            loss = linear_cross_entropy(
                model(ids[:, :-1]), model.output.weight, ids[:, 1:], weights
            )
            (loss / 76).backward()
            gradient = torch.cat([p.grad.flatten() for p in model.parameters()])
            model.zero_grad(set_to_none=True)
            optimizer.step(gradient, 1.0)
            working.copy_(master)
            losses.append(loss.item())
        self.assertLess(losses[-1], losses[0] / 4)

    def test_rate_rises_and_ends_small(self) -> None:
        rates = [rate_at(i / 100) for i in range(101)]
        self.assertEqual(max(rates), 1.0)
        self.assertLess(rates[-1], 0.02)


if __name__ == "__main__":
    unittest.main()
