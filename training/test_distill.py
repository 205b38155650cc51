"""Tests of what the draft learns from: the mixed loss, cached continuations, weights out of a GGUF."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np

try:
    import torch

    from export_gguf import export, gguf, write_prompt_tokens
except ImportError as error:
    raise unittest.SkipTest("torch or llama.cpp's gguf-py is not there") from error

from continuations import CONTINUED, PROMPT, continued, prompt_of
from distill import TEACHER_SHARE, LinearDistillation, Teacher
from fim import FILLED
from import_gguf import load_weights, model_from_gguf, tokenizer_of
from model import Foretoken, ModelConfig, initialise
from tokenizer import FIRST_SPECIAL, SIZE, Tokenizer


def small_model(prompts: int = 0, vocabulary: int = SIZE) -> Foretoken:
    config = ModelConfig(64, 2, 2, 96, vocabulary=vocabulary, prompts=prompts)
    model = Foretoken(config)
    initialise(model, 1)
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def some_tokenizer() -> Tokenizer:
    """A full-sized vocabulary without training: merges of every first byte with every second."""
    wanted = FIRST_SPECIAL - 256
    return Tokenizer([(i // 256 + 33, i % 256) for i in range(wanted)])


class DistillationTest(unittest.TestCase):
    def test_equals_autograd_of_the_mixed_cross_entropy(self) -> None:
        torch.manual_seed(1)
        hidden = torch.randn(700, 16, requires_grad=True)
        weight = torch.randn(50, 16, requires_grad=True)
        teacher = Teacher(torch.randn(700, 24), torch.randn(50, 24))
        targets, importance = torch.randint(50, (700,)), torch.rand(700)
        wanted = TEACHER_SHARE * torch.softmax(teacher.hidden @ teacher.weight.t(), -1)
        wanted += (1 - TEACHER_SHARE) * torch.nn.functional.one_hot(targets, 50)
        plain = -(wanted * torch.log_softmax(hidden @ weight.t(), -1)).sum(-1) @ importance
        ours = LinearDistillation.apply(hidden, weight, teacher, targets, importance)
        torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-3)
        expected = torch.autograd.grad(plain, (hidden, weight))
        for a, b in zip(torch.autograd.grad(ours, (hidden, weight)), expected):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-3)


class ContinuationTest(unittest.TestCase):
    def test_the_cache_changes_nothing(self) -> None:
        torch.manual_seed(2)
        model = small_model(vocabulary=256)
        prompts = torch.randint(0, 256, (2, PROMPT))
        ids = continued(model, prompts, torch.Generator().manual_seed(1))
        self.assertEqual(ids.shape, (2, PROMPT + CONTINUED))
        with torch.no_grad():
            likeliest = model.logits(ids[:1, :-1])[0, PROMPT - 1 :].argmax(-1)
        self.assertEqual(ids[0, PROMPT:].tolist(), likeliest.tolist())

    def test_prompts_end_at_the_cursor_of_a_fill_in_when_there_is_one(self) -> None:
        row = np.arange(512, dtype=np.uint16)
        row[300:310] |= FILLED
        ends = [prompt_of(row, np.random.default_rng(seed))[-1] for seed in range(40)]
        self.assertGreater(ends.count(299), 20)
        self.assertLess(max(ends), FILLED)


class GgufTest(unittest.TestCase):
    def test_weights_come_back(self) -> None:
        torch.manual_seed(3)
        model = small_model(prompts=3)
        own = [(name, each) for name, each in model.named_parameters() if name != "prompts"]
        with tempfile.TemporaryDirectory() as folder:
            for form, tolerance in (("F32", 0.0), ("Q8_0", 0.01)):
                path = Path(folder) / f"{form}.gguf"
                export(model, some_tokenizer(), path, "test", form)
                back = model_from_gguf(path)
                self.assertEqual((back.config.width, back.config.heads), (64, 2))
                for (name, a), (_, b) in zip(back.named_parameters(), own):
                    self.assertLessEqual((a - b).abs().max().item(), tolerance, name)

    def test_another_shape_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "two-layers.gguf"
            export(small_model(), some_tokenizer(), path, "test", "F32")
            with self.assertRaises(ValueError):
                load_weights(Foretoken(ModelConfig(64, 1, 2, 96)), path)

    def test_the_vocabulary_comes_back(self) -> None:
        learnt = some_tokenizer().merges
        # A merge of merges, as training finds them.
        learnt[-1] = (256, 257)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "vocabulary.gguf"
            export(small_model(), Tokenizer(learnt), path, "test", "F32")
            self.assertEqual(tokenizer_of(path).merges, learnt)

    def test_prompt_tokens_beside_the_file_come_back_too(self) -> None:
        trained = torch.randn(3, 64)
        model = small_model(prompts=3)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.Q8_0.gguf"
            export(model, some_tokenizer(), path, "test", "Q8_0")
            load_weights(model, path)
            mean = model.embedding.weight.mean(0)
            torch.testing.assert_close(model.prompts.data, mean.expand(3, 64))
            writer = gguf.GGUFWriter(path.with_suffix(".prompt-tokens.gguf"), "foretoken")
            writer.add_tensor("prompt_tokens", trained.numpy())
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
            load_weights(model, path)
        torch.testing.assert_close(model.prompts.data, trained)

    def test_prompt_tokens_are_bare_little_endian_floats(self) -> None:
        model = small_model(prompts=3, vocabulary=64)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "prompts.f32"
            write_prompt_tokens(model, path)
            found = np.fromfile(path, "<f4").reshape(3, 64)
        np.testing.assert_array_equal(found, model.prompts.detach().numpy())


if __name__ == "__main__":
    unittest.main()
