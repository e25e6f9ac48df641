"""Seq2Seq: who may see whom, the same numbers as torch's own encoder-decoder, writing with a cache, cuts, errors."""
import random

import pytest
import torch
from small import SMALL, randomised

import lmcourse as lm
from lmcourse.generation import Cache

KINDS = [{}, {"norm_first": False}, {"position": "rope", "qk_norm": True, "n_kv_heads": 2, "norm": "rms", "mlp": "swiglu", "bias": False},
         {"position": "sinusoidal", "tie_weights": False}, {"position": "none"}]
SOURCES = [[3, 1, 4, 1, 5, 9], [2, 6, 5]]


@pytest.fixture(params=KINDS, ids=str)
def model(request):
    return randomised(lm.Seq2Seq(lm.TransformerConfig(**SMALL, pad_id=0, start_id=1, **request.param)), std=0.3)


@pytest.fixture
def plain():
    return randomised(lm.Seq2Seq(lm.TransformerConfig(**SMALL, pad_id=0, start_id=1)), std=0.3)


def padded(rows, pad=0):
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=pad)


def test_the_three_masks(model):
    """Later target words change nothing before them; every source word changes everything; padding changes nothing."""
    source, target = torch.tensor([SOURCES[0]]), torch.tensor([[1, 7, 8, 9, 10]])
    logits = model((source, target))
    changed = target.clone()
    changed[0, 3] = 40
    other = model((source, changed))
    torch.testing.assert_close(other[:, :3], logits[:, :3])
    assert (other[:, 3:] - logits[:, 3:]).abs().max() > 1e-3
    for place in range(source.shape[1]):
        changed = source.clone()
        changed[0, place] = 41
        assert ((model((changed, target)) - logits).abs().amax((0, 2)) > 1e-6).all(), place
    longer = torch.cat([source, torch.zeros(1, 4, dtype=torch.long)], 1)
    torch.testing.assert_close(model((longer, target)), logits, rtol=1e-4, atol=1e-5)
    batch = model((padded(SOURCES), target.expand(2, -1)))
    torch.testing.assert_close(batch[:1], logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(batch[1:], model((torch.tensor([SOURCES[1]]), target)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm_first", [True, False])
def test_equals_torchs_transformer(norm_first):
    """The same weights in torch.nn.Transformer give the same states; what torch has no name for (embeddings, output) is done by hand."""
    c = lm.TransformerConfig(**SMALL, norm_first=norm_first, position="none", mlp="gelu", d_hidden=48, pad_id=0)
    model = randomised(lm.Seq2Seq(c), std=0.3)
    theirs = torch.nn.Transformer(c.d_model, c.n_heads, c.n_layers, c.n_layers, 48, 0.0, "gelu", batch_first=True, norm_first=norm_first).eval()
    names = {"attention_norm": "norm1", "mlp.up": "linear1", "mlp.down": "linear2"}

    def fill(block, layer, decoder):
        parts = {**names, "mlp_norm": "norm3" if decoder else "norm2", **({"cross_norm": "norm2"} if decoder else {})}
        for ours, other in parts.items():
            layer.get_submodule(other).load_state_dict(block.get_submodule(ours).state_dict())
        for ours, other in [("attention", "self_attn"), *([("cross_attention", "multihead_attn")] if decoder else [])]:
            mine, its = block.get_submodule(ours), layer.get_submodule(other)
            its.in_proj_weight.data, its.in_proj_bias.data = mine.qkv.weight.data, mine.qkv.bias.data
            its.out_proj.load_state_dict(mine.output.state_dict())

    for block, layer in zip(model.encoder, theirs.encoder.layers):
        fill(block, layer, False)
    for block, layer in zip(model.blocks, theirs.decoder.layers):
        fill(block, layer, True)
    if norm_first:
        theirs.encoder.norm.load_state_dict(model.encoder_norm.state_dict())
        theirs.decoder.norm.load_state_dict(model.final_norm.state_dict())
    else:
        theirs.encoder.norm = theirs.decoder.norm = None                # torch would normalise the last sum twice
    source, target = padded(SOURCES), torch.tensor([[1, 7, 8, 9], [1, 11, 12, 13]])
    with torch.no_grad():
        states = theirs(model.token_embedding(source), model.token_embedding(target), tgt_mask=torch.nn.Transformer.generate_square_subsequent_mask(4),
                        src_key_padding_mask=source == 0, memory_key_padding_mask=source == 0)
        torch.testing.assert_close(model((source, target)), states @ model.token_embedding.weight.T, rtol=1e-4, atol=1e-4)


def test_with_a_cache_the_logits_are_the_same(model):
    source, target = padded(SOURCES), torch.tensor([[1, 7, 8, 9, 10], [1, 11, 12, 13, 14]])
    read, cache = model.read(source), Cache(model)
    with torch.no_grad():
        parts = [model.decode(target[:, :2], read, cache), *(model.decode(target[:, t:t + 1], read, cache) for t in range(2, 5))]
        torch.testing.assert_close(torch.cat(parts, 1), model((source, target)), rtol=1e-4, atol=1e-4)


def by_hand(model, source, n):
    row = [model.config.start_id]
    for _ in range(n):
        row.append(model((torch.tensor([source]), torch.tensor([row])))[0, -1].argmax().item())
    return row


def test_writing(model):
    expected = [by_hand(model, source, 8) for source in SOURCES]
    assert lm.generate(model, SOURCES, 8) == expected == lm.generate(model, SOURCES, 8, lm.Beam(1))
    assert lm.generate(model, padded(SOURCES), 8).tolist() == expected
    drawn = lm.generate(model, SOURCES, 8, lm.Sample(1.0), seed=3)
    assert drawn == lm.generate(model, SOURCES, 8, lm.Sample(1.0), seed=3) and all(row[0] == 1 for row in drawn)

    def score(source, row):
        log_q = model((torch.tensor([source]), torch.tensor([row[:-1]])))[0].log_softmax(-1)
        return sum(log_q[t, token].item() for t, token in enumerate(row[1:]))
    for source, greedy, beam in zip(SOURCES, expected, lm.generate(model, SOURCES, 8, lm.Beam(5))):
        assert score(source, beam) >= score(source, greedy) - 1e-4


def test_save_and_load(model, tmp_path):
    lm.save(model, tmp_path)
    again, pair = lm.load(tmp_path), (padded(SOURCES), torch.tensor([[1, 7], [1, 8]]))
    assert torch.equal(again(pair), model(pair)) and again.config == model.config


def test_record_and_cut(plain):
    pair = padded(SOURCES), torch.tensor([[1, 7, 8, 9], [1, 11, 12, 13]])
    seen = lm.record(plain, pair)
    torch.testing.assert_close(seen.logits, plain(pair), rtol=1e-4, atol=1e-5)
    for part, shape in (("encoder", (2, 4, 6, 6)), ("decoder", (2, 4, 4, 4)), ("cross", (2, 4, 4, 6))):
        for weights in getattr(seen, part):
            assert weights.shape == shape
            torch.testing.assert_close(weights.sum(-1), torch.ones(shape[:-1]))
            if part != "decoder":
                assert weights[1, :, :, 3:].abs().max() == 0            # padding is looked at by nobody
            else:
                assert weights.triu(1).abs().max() == 0
    with lm.ablate(plain, edges={(1, 2): [(3, 4)]}, part="cross"):
        cut = lm.record(plain, (pair[0][:1], pair[1][:1]))
    assert cut.cross[1][0, 2, 3, 4] == 0 and cut.cross[1][0, 2, 3].sum() == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(cut.logits[:, :3], seen.logits[:1, :3], rtol=1e-4, atol=1e-5)        # other target words hear nothing of it
    assert (cut.logits[:, 3] - seen.logits[:1, 3]).abs().max() > 1e-4
    with lm.ablate(plain, heads=[(0, layer) for layer in range(4)], part="encoder"):
        assert not torch.allclose(plain(pair), seen.logits, atol=1e-3)
    with lm.ablate(plain, positions=True):
        turned = pair[0][:1].flip(1), pair[1][:1]
        torch.testing.assert_close(plain(turned), plain((pair[0][:1], pair[1][:1])), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(plain(pair), seen.logits, rtol=1e-4, atol=1e-5)


def test_it_learns_to_turn_a_text_round():
    """A task that needs cross-attention: the target is the source backwards. Its control is the loss before."""
    rng = random.Random(0)
    sources = [[rng.randrange(2, 12) for _ in range(rng.randint(2, 6))] for _ in range(800)]
    batches = lm.PairBatches(sources, [[1, *reversed(row), 1] for row in sources], 16, 0, 0)
    torch.manual_seed(0)
    model = lm.Seq2Seq(lm.TransformerConfig(12, 32, 4, 1, 10, pad_id=0, start_id=1))
    history = lm.fit(model, batches, 800, lr=1e-2, device="cpu")
    assert history.losses[0] > 2 and sum(history.losses[-20:]) / 20 < 0.3
    written = lm.generate(model, sources[:50], 9, stop=1)
    assert sum(row == [1, *reversed(source), 1] for row, source in zip(written, sources)) > 40


def test_clear_errors(plain):
    config = lambda **change: lm.TransformerConfig(**{**SMALL, **change})  # noqa: E731
    for change, says in [({"position": "alibi"}, "knows no distance"), ({"start_id": 50}, "start_id=50")]:
        with pytest.raises(ValueError, match=says):
            lm.Seq2Seq(config(**change))
    source, target = torch.tensor([[3, 4]]), torch.tensor([[1, 2]])
    for pair, says in [(source, "reads a pair"), ((source, target.expand(2, -1)), "1 sources, but 2 targets"), ((source * 0, target), "nothing but padding"),
                       ((source + 60, target), "the model knows 0 to 49"), ((source, target[:, :0]), "at least one token")]:
        with pytest.raises(ValueError, match=says):
            plain(pair)
    for sources, says in [([[3] * 25], "more than max_len=24"), ([[3, 70]], "do tokenizer and model belong together")]:
        with pytest.raises(ValueError, match=says):
            lm.generate(plain, sources, 4)
    for part in (None, "middle"):
        with pytest.raises(ValueError, match="encoder, decoder, cross"), lm.ablate(plain, heads=[(0, 0)], part=part):
            pass
    with pytest.raises(ValueError, match="only a Seq2Seq has parts"), lm.ablate(lm.GPT(config()), part="cross"):
        pass
    for sources, targets, says in [([[1]], [], "1 sources and 0 targets"), ([[]], [[1, 2]], "at least one token"), ([[1]], [[1]], "a target two")]:
        with pytest.raises(ValueError, match=says):
            lm.PairBatches(sources, targets)
