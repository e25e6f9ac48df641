"""Generation: the cache changes nothing, strategies keep their promises."""
import copy

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from small import MODERN, SMALL, randomised

import lmcourse as lm


@pytest.fixture(scope="module", params=[{}, MODERN], ids=["gpt2", "modern"])
def model(request):
    return randomised(lm.GPT(lm.TransformerConfig(**SMALL, **request.param)))


def test_greedy_with_the_cache_equals_the_plain_loop(model):
    ids = torch.randint(0, 50, (3, 5))
    by_hand = ids
    for _ in range(12):
        by_hand = torch.cat([by_hand, model(by_hand)[:, -1].argmax(-1, keepdim=True)], 1)
    assert torch.equal(lm.generate(model, ids, 12), by_hand)


def test_cached_logits_equal_uncached_ones(model):
    from lmcourse.generation import Cache
    ids, cache = torch.randint(0, 50, (2, 15)), None
    cache = Cache(model)
    parts = [model(ids[:, a:b], cache) for a, b in ((0, 4), (4, 5), (5, 11), (11, 15))]
    torch.testing.assert_close(torch.cat(parts, 1), model(ids), rtol=1e-4, atol=1e-5)


def test_the_lean_step_equals_the_model():
    """Plain GPT-2s of both activations, without biases, batches, token by token; and it stands aside when somebody looks into the model."""
    from lmcourse.generation import Cache
    from lmcourse.generation.lean import LONG, LeanStep, applies
    for options, new in [({"mlp": "gelu"}, 1), ({"mlp": "gelu_tanh"}, LONG), ({"mlp": "gelu", "bias": False}, LONG)]:
        model = randomised(lm.GPT(lm.TransformerConfig(**SMALL, **options)))
        ids, cache = torch.randint(0, 50, (3, 9)), Cache(model)
        step, logits = LeanStep(model, new), [model(ids[:, :4], cache)[:, -1]]
        logits += [step(ids[:, t], cache) for t in range(4, 9)]
        torch.testing.assert_close(torch.stack(logits, 1), model(ids)[:, 3:], rtol=1e-4, atol=1e-5)
        with lm.ablate(model, heads=[(0, 0)]):
            assert not applies(model)
        assert applies(model)
    assert not applies(lm.GPT(lm.TransformerConfig(**SMALL, **MODERN)))


def test_what_a_model_learned_is_in_the_next_text(model, monkeypatch):
    """For a long text the lean step copies weights: each text has to begin with those of its time."""
    monkeypatch.setattr("lmcourse.generation.lean.LONG", 8)
    model, ids = copy.deepcopy(model), torch.tensor([[3, 14, 15]])
    before = lm.generate(model, ids, 8)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn_like(p) * 0.3)
    after, text = lm.generate(model, ids, 8), ids
    for _ in range(8):
        text = torch.cat([text, model(text)[:, -1:].argmax(-1)], 1)     # without cache or lean step
    assert torch.equal(after, text) and not torch.equal(after, before)


def test_greedy_and_beam_equal_hugging_faces(tmp_path):
    theirs = randomised(transformers.GPT2LMHeadModel(transformers.GPT2Config(
        vocab_size=50, n_positions=24, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)))
    theirs.save_pretrained(tmp_path)
    ours, ids = lm.load(tmp_path), torch.tensor([[3, 14, 15]])
    settings_ = {"max_new_tokens": 10, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    assert torch.equal(lm.generate(ours, ids, 10), theirs.generate(ids, **settings_))
    assert torch.equal(lm.generate(ours, ids, 10, lm.Beam(4)), theirs.generate(ids, num_beams=4, **settings_))


def test_a_wider_beam_never_finds_a_worse_first_step(model):
    """The score of the text that a beam returns is at least the greedy text's when the beam is as wide as the vocabulary."""
    ids = torch.tensor([[1, 2, 3]])
    score = lambda text: model(text)[0].log_softmax(-1)[2:-1].gather(1, text[0, 3:, None]).sum()
    assert score(lm.generate(model, ids, 2, lm.Beam(50))) >= score(lm.generate(model, ids, 2)) - 1e-5


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), k=st.integers(1, 20), p=st.floats(0.05, 1))
def test_strategies_keep_what_they_say(seed, k, p):
    logits = torch.randn(1, 20, generator=torch.Generator().manual_seed(seed)) * 2
    full = logits.softmax(-1)[0]
    top_k = lm.Sample(top_k=k).distribution(logits)[0]
    assert (top_k > 0).sum() == k
    assert k == 20 or full[top_k > 0].min() >= full[top_k == 0].max()
    top_p = lm.Sample(top_p=p).distribution(logits)[0]
    kept = full[top_p > 0]
    assert kept.sum() >= p - 1e-5 and kept.sum() - kept.min() < p + 1e-5     # enough, and not one more than needed
    min_p = lm.Sample(min_p=p).distribution(logits)[0]
    assert torch.equal(min_p > 0, full >= p * full.max())
    torch.testing.assert_close(lm.Sample(0.5).distribution(logits)[0], (logits[0] / 0.5).softmax(-1))


def test_sampling_draws_from_the_distribution():
    logits = torch.tensor([0.0, 1.0, 2.0]).expand(20_000, 3)
    counts = torch.bincount(lm.Sample().choose(logits, torch.Generator().manual_seed(0)), minlength=3) / 20_000
    torch.testing.assert_close(counts, logits[0].softmax(-1), atol=0.015, rtol=0)


def test_seeds_reproduce_and_stop_fills_the_row(model):
    ids = torch.randint(0, 50, (4, 3))
    draw = lambda seed: lm.generate(model, ids, 20, lm.Sample(2.0), seed=seed)
    assert torch.equal(draw(1), draw(1)) and not torch.equal(draw(1), draw(2))
    stop = int(draw(1)[0, 5])
    for row in lm.generate(model, ids, 20, lm.Sample(2.0), stop=stop, seed=1)[:, 3:].tolist():
        if stop in row:
            assert set(row[row.index(stop):]) == {stop}


def test_clear_errors(model):
    with pytest.raises(ValueError, match="empty prompt"):
        lm.generate(model, torch.zeros(1, 0, dtype=torch.long), 5)
    with pytest.raises(ValueError, match="outgrow max_len=24; ask for at most 15"):
        lm.generate(model, torch.zeros(1, 10, dtype=torch.long), 16)
    with pytest.raises(ValueError, match="max_new_tokens=0"):
        lm.generate(model, torch.zeros(1, 1, dtype=torch.long), 0)
    with pytest.raises(ValueError, match="an empty prompt in row 1"):
        lm.generate(model, [[1], []], 2, lm.Beam(2))
    for wrong in ({"temperature": 0}, {"top_k": 0}, {"top_p": 1.5}, {"min_p": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            lm.Sample(**wrong)
    with pytest.raises(ValueError, match="k=0"):
        lm.Beam(0)
