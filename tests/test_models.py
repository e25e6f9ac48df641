"""Models: their parts equal to others' of the same name, causal, and clear about sizes. Whole ones: test_models_huggingface.py."""
import math

import pytest
import torch
import torch.nn.functional as F
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from small import MODERN, SMALL, randomised

import lmcourse as lm
from lmcourse.models.positions import rope_angles, rotate


@settings(max_examples=20, deadline=None)
@given(T=st.integers(1, 9), S=st.integers(1, 9), temperature=st.floats(0.2, 4), seed=st.integers(0, 99))
def test_attention_equals_torchs(T, S, temperature, seed):
    torch.manual_seed(seed)
    q, k, v = torch.randn(2, T, 8), torch.randn(2, S, 8), torch.randn(2, S, 8)
    theirs = F.scaled_dot_product_attention(q, k, v, scale=8 ** -0.5 / temperature)
    torch.testing.assert_close(lm.attention(q, k, v, temperature=temperature), theirs, rtol=1e-4, atol=1e-5)


def test_causal_attention_equals_torchs():
    torch.manual_seed(1)
    q, k, v = torch.randn(3, 2, 4, 7, 8).unbind(0)
    torch.testing.assert_close(lm.attention(q, k, v, causal=True), F.scaled_dot_product_attention(q, k, v, is_causal=True))
    assert not torch.allclose(lm.attention(q, k, v), F.scaled_dot_product_attention(q, k, v, is_causal=True))


@pytest.mark.parametrize("options", [{}, MODERN], ids=["gpt2", "modern"])
def test_the_future_changes_nothing(options):
    model = randomised(lm.GPT(lm.TransformerConfig(**SMALL, **options)))
    ids = torch.randint(0, 50, (2, 12))
    other = ids.clone()
    other[:, 7:] = torch.randint(0, 50, (2, 5))
    torch.testing.assert_close(model(ids)[:, :7], model(other)[:, :7])
    assert not torch.allclose(model(ids)[:, 7:], model(other)[:, 7:])


def test_rope_depends_on_the_distance_alone():
    torch.manual_seed(0)
    q, k = torch.randn(1, 8), torch.randn(1, 8)
    cos, sin = rope_angles(8, 40)
    product = lambda i, j: (rotate(q, cos[i], sin[i]) * rotate(k, cos[j], sin[j])).sum()
    torch.testing.assert_close(product(5, 2), product(33, 30), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(product(5, 2), product(5, 4), atol=1e-3)


def test_sinusoids_are_the_papers():
    from lmcourse.models.positions import sinusoids
    table = sinusoids(50, 16)
    for p in (0, 1, 7, 49):
        for i in range(8):
            assert table[p, 2 * i].item() == pytest.approx(math.sin(p / 10000 ** (2 * i / 16)), abs=1e-5)
            assert table[p, 2 * i + 1].item() == pytest.approx(math.cos(p / 10000 ** (2 * i / 16)), abs=1e-5)


def test_alibi_equals_hugging_faces_bloom():
    """The same bias up to what a row of the softmax does not see: a constant a row."""
    from lmcourse.models.positions import alibi_bias
    ours = alibi_bias(8, 6, 6)
    theirs = transformers.models.bloom.modeling_bloom.build_alibi_tensor(torch.ones(1, 6), 8, torch.float32)    # (8, 1, 6)
    mask = lm.models.attention.causal_mask(6, 6)
    weights = [bias.masked_fill(~mask, float("-inf")).softmax(-1) for bias in (ours, theirs.expand(8, 6, 6))]
    torch.testing.assert_close(*weights)
    assert not torch.allclose(weights[0], mask / mask.sum(-1, keepdim=True))


@pytest.mark.parametrize("position", ["learned", "sinusoidal", "rope", "alibi", "none"])
def test_positions_in_the_cache_and_under_the_probe(position):
    """Word by word with a cache, and looked into, a model says what it says in one pass."""
    from lmcourse.generation.cache import Cache
    model = randomised(lm.GPT(lm.TransformerConfig(**SMALL, position=position)))
    ids = torch.randint(0, 50, (2, 9))
    cache, whole = Cache(model), model(ids)
    stepwise = torch.cat([model(ids[:, :4], cache), *(model(ids[:, i:i + 1], cache) for i in range(4, 9))], 1)
    torch.testing.assert_close(stepwise, whole, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(lm.record(model, ids).logits, whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("position, moves", [("learned", True), ("sinusoidal", True), ("rope", False), ("alibi", False), ("none", False)])
def test_who_notices_that_a_text_moved(position, moves):
    """The same words further to the right, the first block's look alone: relative positions give the same weights."""
    model = randomised(lm.GPT(lm.TransformerConfig(**SMALL, position=position)))
    words = torch.randint(0, 50, (1, 6))
    before = torch.full((1, 5), 7)
    here, there = (lm.record(model, ids).attention[0] for ids in (words, torch.cat([before, words], 1)))
    late = there[:, :, 5:, 5:]
    assert torch.allclose(here, late / late.sum(-1, keepdim=True), atol=1e-5) is not moves


def test_grouped_queries_equal_repeated_keys_and_values():
    grouped = randomised(lm.GPT(lm.TransformerConfig(**SMALL, n_kv_heads=2)))
    full = lm.GPT(lm.TransformerConfig(**SMALL)).eval()
    state = {}
    for name, tensor in grouped.state_dict().items():
        if ".qkv." in name:
            q, k, v = tensor.split([32, 16, 16])
            wide = lambda t: t.unflatten(0, (2, 8)).repeat_interleave(2, 0).flatten(0, 1)
            tensor = torch.cat([q, wide(k), wide(v)])
        state[name] = tensor
    full.load_state_dict(state)
    ids = torch.randint(0, 50, (2, 10))
    torch.testing.assert_close(grouped(ids), full(ids), rtol=1e-4, atol=1e-5)


def test_lstm_state_carries_the_past():
    torch.manual_seed(0)
    model = lm.LSTMLanguageModel(50, 16, 32).eval()
    ids = torch.randint(0, 50, (2, 10))
    _, state = model(ids[:, :6], return_state=True)
    torch.testing.assert_close(model(ids[:, 6:], state), model(ids)[:, 6:])
    assert not torch.allclose(model(ids[:, 6:]), model(ids)[:, 6:])     # without the state the past is lost


@pytest.mark.parametrize("changes, message", [
    ({"d_model": 100, "n_heads": 3}, "d_model=100 is not divisible by n_heads=3"),
    ({"n_kv_heads": 3}, "n_heads=4 is not divisible by n_kv_heads=3"),
    ({"n_layers": 0}, "n_layers=0 must be a whole number"),
    ({"d_model": 12, "position": "rope"}, "must be even"),
    ({"position": "alphabet"}, "must be one of learned, sinusoidal, rope, alibi, none"),
    ({"dropout": 1.0}, "below 1")])
def test_sizes_that_do_not_go_together(changes, message):
    with pytest.raises(ValueError, match=message):
        lm.TransformerConfig(**{**SMALL, **changes})


@pytest.mark.parametrize("ids, message", [
    (torch.zeros(1, 0, dtype=torch.long), "empty prompt"), (torch.zeros(1, 25, dtype=torch.long), "25 tokens are more than max_len=24"),
    (torch.tensor([[50]]), "do tokenizer and model belong together"), (torch.zeros(3, dtype=torch.long), "must be whole numbers"),
    (torch.zeros(1, 3), "must be whole numbers")])
def test_ids_that_cannot_be(ids, message):
    with pytest.raises(ValueError, match=message):
        lm.GPT(lm.TransformerConfig(**SMALL))(ids)


def test_attention_errors():
    q = torch.zeros(2, 8)
    with pytest.raises(ValueError, match="do not fit"):
        lm.attention(q, torch.zeros(2, 4), q)
    with pytest.raises(ValueError, match="temperature=0 must be above 0"):
        lm.attention(q, q, q, temperature=0)
    with pytest.raises(ValueError, match="look nowhere"):
        lm.attention(q, q, q, mask=torch.zeros(2, 2, dtype=torch.bool))
    with pytest.raises(ValueError, match="at least one token"):
        lm.LSTMLanguageModel(5)(torch.zeros(1, 0, dtype=torch.long))
