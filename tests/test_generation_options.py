"""What `generate` promises beyond the plain loop: rows of any length, stops, penalties, beams, streams, and its errors."""
import itertools

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from small import MODERN, SMALL, randomised

import lmcourse as lm
from lmcourse.generation import Cache, beam_search, stream
from lmcourse.generation.lean import LONG, LeanStep, applies
from lmcourse.generation.stops import stopper

KINDS = {"gpt2": {}, "modern": MODERN, **{position: {"position": position, "tie_weights": False} for position in ("sinusoidal", "rope", "alibi", "none")},
         "post-norm": {"norm_first": False}, "coarse norm": {"norm_eps": 0.1}, "lstm": None}
ROWS = [[3, 14, 15, 9, 2, 6], [5], [35, 8, 9], [7, 9]]


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def model(request):
    model = randomised(lm.LSTMLanguageModel(50, 16, 24, 2) if request.param is None else lm.GPT(lm.TransformerConfig(**SMALL, **request.param)), 0.4)
    if getattr(getattr(model, "final_norm", None), "bias", None) is not None:
        torch.nn.init.zeros_(model.final_norm.bias)                     # else it says the same after every text
    return model


@pytest.fixture(scope="module")
def gpt():
    return randomised(lm.GPT(lm.TransformerConfig(**SMALL)), 0.4)


def by_hand(model, row, n, choose=lambda logits, text: int(logits.argmax())):
    """The plain loop: the whole text through the model for each token. The new ids."""
    text = list(row)
    for _ in range(n):
        text.append(choose(model(torch.tensor([text]))[0, -1], text))
    return text[len(row):]


def test_each_row_gets_what_it_gets_alone(model):
    alone = [row + by_hand(model, row, 9) for row in ROWS]
    assert lm.generate(model, ROWS, 9) == alone
    assert lm.generate(model, torch.tensor([ROWS[0][:3], ROWS[2]]), 9).tolist() == [ROWS[0][:3] + by_hand(model, ROWS[0][:3], 9), alone[2]]
    assert len({tuple(row[-9:]) for row in alone}) > 1                  # the rows do differ


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 23), max_size=4, unique=True))
def test_cached_logits_equal_uncached_ones_however_the_text_is_cut(cuts):
    ids, edges = torch.randint(0, 50, (2, 24), generator=torch.Generator().manual_seed(0)), [0, *sorted(cuts), 24]
    for options in KINDS.values():
        if options is None:
            continue
        model = randomised(lm.GPT(lm.TransformerConfig(**SMALL, **options)))
        cache = Cache(model)
        parts = [model(ids[:, a:b], cache) for a, b in itertools.pairwise(edges)]
        torch.testing.assert_close(torch.cat(parts, 1), model(ids), rtol=1e-4, atol=2e-5)


def test_the_lean_step_stands_aside_for_what_it_does_not_know(gpt):
    """It gives what the model gives with another norm_eps, too; post-norm, exchanged layers and hooks go through the model."""
    coarse = randomised(lm.GPT(lm.TransformerConfig(**SMALL, norm_eps=0.1)))
    assert applies(coarse) and applies(gpt)
    ids, cache = torch.randint(0, 50, (2, 8)), Cache(coarse)
    coarse(ids[:, :7], cache)
    torch.testing.assert_close(LeanStep(coarse, LONG)(ids[:, 7], cache), coarse(ids)[:, 7], rtol=1e-4, atol=1e-5)
    assert not applies(lm.GPT(lm.TransformerConfig(**SMALL, norm_first=False)))
    whole, ids = gpt.blocks[0].mlp.up, [[3, 4]]
    before = lm.generate(gpt, ids, 12)

    class Twice(torch.nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    gpt.blocks[0].mlp.up = Twice(32, 128)
    gpt.blocks[0].mlp.up.load_state_dict(whole.state_dict())
    assert not applies(gpt) and lm.generate(gpt, ids, 12) == [[3, 4] + by_hand(gpt, [3, 4], 12)] != before
    gpt.blocks[0].mlp.up = whole
    hook = gpt.blocks[1].register_forward_hook(lambda module, inputs, output: output * 0)
    assert not applies(gpt) and lm.generate(gpt, ids, 12) == [[3, 4] + by_hand(gpt, [3, 4], 12)] != before
    hook.remove()
    assert applies(gpt) and lm.generate(gpt, ids, 12) == before


def test_a_row_ends_at_ids_words_lists_and_functions(gpt):
    tokenizer = lm.CharTokenizer.train(["".join(map(chr, range(0x4E00, 0x4E00 + 60)))])     # each id below 50 is one character
    free = [row[len(given):] for row, given in zip(lm.generate(gpt, ROWS, 9), ROWS)]
    word = tokenizer.decode(free[0][3:5])                               # two characters: it ends at the second
    for stop, over in ((free[0][3], lambda new: new[-1] == free[0][3]), ([free[1][2], free[2][5]], lambda new: new[-1] in (free[1][2], free[2][5])),
                       (word, lambda new: word in tokenizer.decode(new)), ([word, free[1][2]], lambda new: word in tokenizer.decode(new) or new[-1] == free[1][2]),
                       (lambda new: len(new) == 4, lambda new: len(new) == 4)):
        expected = [row + new[:next((n for n in range(1, 10) if over(new[:n])), 9)] for row, new in zip(ROWS, free)]
        assert lm.generate(gpt, ROWS, 9, stop=stop, tokenizer=tokenizer) == expected
        assert any(len(short) < len(row) + 9 for short, row in zip(expected, ROWS))     # something did end
    one = torch.tensor([ROWS[0]])
    assert lm.generate(gpt, one, 9, stop=word, tokenizer=tokenizer)[0].tolist() == ROWS[0] + free[0][:tokenizer.decode(free[0]).index(word) + 2]


@pytest.mark.parametrize("strategy", [lm.Greedy(), lm.Beam(3)], ids=["greedy", "beam"])
def test_a_tensor_row_that_ended_is_filled_with_its_stop_id(gpt, strategy):
    ids = torch.tensor([row[:1] for row in ROWS])
    stop = lm.generate(gpt, ids, 8, strategy)[0, 4].item()
    filled = lm.generate(gpt, ids, 8, strategy, stop=stop)[:, 1:].tolist()
    cut = [row[1:] for row in lm.generate(gpt, ids.tolist(), 8, strategy, stop=stop)]
    most = max(map(len, cut))
    assert filled == [row + [stop] * (most - len(row)) for row in cut] and min(map(len, cut)) < 8


def test_only_allowed_tokens_come(model):
    allowed = [4, 8, 15, 16, 23, 42]
    pick = lambda logits, text: max(allowed, key=lambda i: logits[i])
    assert lm.generate(model, ROWS, 9, allowed=allowed) == [row + by_hand(model, row, 9, pick) for row in ROWS]
    for strategy in (lm.Sample(3.0), lm.Beam(3)):
        drawn = lm.generate(model, ROWS, 9, strategy, allowed=allowed, seed=0)
        assert {i for row, given in zip(drawn, ROWS) for i in row[len(given):]} <= set(allowed)
    assert lm.generate(model, [[1]], 3, lm.Sample(1e-30, min_p=1.0), allowed=[7]) == [[1, 7, 7, 7]]


@pytest.mark.parametrize("penalty", [0.7, 1.3, 5.0])
def test_the_repetition_penalty_equals_transformers(model, penalty):
    theirs = transformers.RepetitionPenaltyLogitsProcessor(penalty)
    pick = lambda logits, text: int(theirs(torch.tensor([text]), logits[None].clone()).argmax())
    penalised = lm.generate(model, ROWS, 9, lm.Greedy(repetition_penalty=penalty))
    assert penalised == [row + by_hand(model, row, 9, pick) for row in ROWS]
    if penalty == 5:
        assert penalised != lm.generate(model, ROWS, 9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 9999), t=st.floats(0.2, 3), k=st.integers(1, 25), p=st.floats(0.05, 0.99), m=st.floats(0.01, 1), r=st.floats(0.5, 2))
def test_a_sample_is_shaped_as_transformers_shapes_it(seed, t, k, p, m, r):
    logits = torch.randn(2, 20, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3
    text = torch.randint(0, 20, (2, 6), generator=torch.Generator().manual_seed(seed))
    seen = torch.zeros(2, 20, dtype=torch.bool).scatter_(1, text, True)
    scores = logits.clone()
    for step in (transformers.RepetitionPenaltyLogitsProcessor(r), transformers.TemperatureLogitsWarper(t), transformers.TopKLogitsWarper(min(k, 20)),
                 transformers.TopPLogitsWarper(p), transformers.MinPLogitsWarper(m)):
        scores = step(text, scores)
    torch.testing.assert_close(lm.Sample(t, k, p, m, r).distribution(logits, seen), scores.softmax(-1))


def test_an_extreme_temperature_is_greedy():
    logits = torch.tensor([[1.0, 3.0, -2.0, 2.9]])
    for temperature in (1e-6, 1e-30):
        assert lm.Sample(temperature).distribution(logits).tolist() == [[0, 1, 0, 0]]


TINY = {"vocab_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 2, "max_len": 12}


@pytest.mark.parametrize("penalty", [-0.5, 0.0, 0.6, 1.0, 2.0])
def test_a_beam_as_wide_as_all_texts_finds_the_best_of_all(penalty):
    """Every text over four tokens of up to five steps, ended by token 0 or at the fifth step: scored one by one."""
    for seed in range(4):
        torch.manual_seed(seed)
        model = lm.GPT(lm.TransformerConfig(**TINY))
        for p in model.parameters():
            torch.nn.init.normal_(p, std=0.7)
        scored = {}
        for text in itertools.product(range(4), repeat=5):
            text = text[:text.index(0) + 1] if 0 in text else text
            log_p = model(torch.tensor([[2, 1, *text[:-1]]]))[0, 1:].log_softmax(-1)
            scored[text] = log_p.gather(1, torch.tensor(text)[:, None]).sum().item() / len(text) ** penalty
        best = sorted(scored, key=scored.get, reverse=True)
        found = beam_search(model, [2, 1], 5, lm.Beam(4 ** 5, penalty), over=lambda new: new[-1] == 0)
        assert [text for _, text in found][:3] == [list(text) for text in best[:3]] and len(found) == len(scored)
        assert [score for score, _ in found] == pytest.approx([scored[text] for text in best], abs=1e-4)
        assert lm.generate(model, [[2, 1]], 5, lm.Beam(4 ** 5, penalty), stop=0) == [[2, 1, *best[0]]]


@pytest.mark.parametrize("penalty", [0.0, 0.5, 1.0])
def test_a_narrow_beam_with_ends_equals_hugging_faces(tmp_path, penalty):
    torch.manual_seed(1)
    theirs = transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=12, n_positions=24, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)).eval()
    for p in theirs.parameters():
        torch.nn.init.normal_(p, std=0.6)
    theirs.save_pretrained(tmp_path)
    ours, ended = lm.load(tmp_path), 0
    for start in range(1, 12, 2):
        for k in (2, 4):
            ids = torch.tensor([[start, 3]])
            stop = int(theirs(ids).logits[0, -1].topk(2).indices[1])    # a token that some beam will meet
            whole = theirs.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=9, num_beams=k, length_penalty=penalty, early_stopping="never",
                                    do_sample=False, pad_token_id=stop, eos_token_id=stop)
            assert lm.generate(ours, ids, 9, lm.Beam(k, penalty), stop=stop).tolist() == whole.tolist()
            ended += whole.shape[1] < 11
    assert ended                                                        # some beams did end early


def test_a_beam_gives_each_row_what_it_gives_alone(model):
    together = lm.generate(model, ROWS, 6, lm.Beam(3))
    assert together == [lm.generate(model, [row], 6, lm.Beam(3))[0] for row in ROWS]
    assert together != lm.generate(model, ROWS, 6)
    assert lm.generate(model, ROWS, 6, lm.Beam(1)) == lm.generate(model, ROWS, 6)


@pytest.mark.parametrize("strategy", [lm.Greedy(), lm.Greedy(1.5), lm.Sample(1.5, top_k=20)], ids=str)
def test_a_stream_gives_what_generate_gives(model, strategy):
    stop = lambda new: new[-1] % 7 == 0
    rows = [list(row) for row in ROWS]
    for step in stream(model, ROWS, 9, strategy, stop=stop, seed=3):
        for row, new in zip(rows, step, strict=True):
            row += [] if new is None else [new]
    assert rows == lm.generate(model, ROWS, 9, strategy, stop=stop, seed=3)


def test_seeds_reproduce(model):
    draw = lambda **more: lm.generate(model, ROWS, 9, lm.Sample(2.0), **more)
    assert draw(seed=5) == draw(seed=5) != draw(seed=6)
    torch.manual_seed(0)
    first, second = draw(), draw()
    torch.manual_seed(0)
    assert draw() == first != second                                    # without a seed: torch's own


def test_writing_leaves_a_training_model_in_training(gpt):
    model = lm.GPT(lm.TransformerConfig(**SMALL, dropout=0.5))
    model.load_state_dict(gpt.state_dict())
    model.train()
    for strategy in (None, lm.Beam(2)):
        assert lm.generate(model, [[1, 2]], 9, strategy) == lm.generate(gpt, [[1, 2]], 9, strategy) and model.training
    list(stream(model, [[1]], 3))
    with pytest.raises(RuntimeError, match="broke"):
        lm.generate(model, [[1]], 3, stop=lambda new: (_ for _ in ()).throw(RuntimeError("broke")))
    assert model.training and not gpt.training
    written = lm.generate(model, torch.tensor([[1, 2]]), 5)
    model(written).sum().backward()                                     # what was written may be learned from


def test_clear_errors(gpt):
    for match, ids, n, more in (
            ("ids go from 3 to 50, but the model knows 0 to 49", [[3, 50]], 2, {}), ("ids go from -1 to 3", [[3, -1]], 2, {}),
            ("ids must be whole numbers", torch.ones(1, 2), 2, {}), ("ids must be whole numbers", torch.ones(3, dtype=torch.long), 2, {}),
            ("a list of rows, each a list", [3, 4], 2, {}), ("ids holds 'a'", [["a"]], 2, {}), ("ids holds 1.5", [[1, 1.5]], 2, {}),
            ("an empty prompt: each row", [], 2, {}), ("an empty prompt in row 1", [[1], []], 2, {}),
            ("max_new_tokens=2.5 must be a whole number", [[1]], 2.5, {}), ("outgrow max_len=24; ask for at most 23", [[1], [1, 2]], 24, {}),
            ("25 tokens and 1 new ones outgrow max_len=24; shorten the prompt", [[1] * 25], 1, {}),
            ("allowed holds no ids", [[1]], 2, {"allowed": []}), ("allowed holds ids from 1 to 50", [[1]], 2, {"allowed": [1, 50]}),
            ("stop is empty", [[1]], 2, {"stop": []}), ("stop is empty", [[1]], 2, {"stop": ""}), ("give the tokenizer, too", [[1]], 2, {"stop": "."}),
            ("give ids as a list of rows", torch.ones(2, 2, dtype=torch.long), 2, {"stop": [3, 4]})):
        for strategy in (None, lm.Beam(2)):
            with pytest.raises(ValueError, match=match):
                lm.generate(gpt, ids, n, strategy, **more)
        if "list of rows and" not in match and not torch.is_tensor(ids):
            with pytest.raises(ValueError, match=match):
                stream(gpt, ids, n, **more)                             # at once, not at its first token
    with pytest.raises(TypeError, match="it is an id, a string"):
        stopper([3, 1.5, 3])
    with pytest.raises(ValueError, match="Beam cannot stream"):
        stream(gpt, [[1]], 2, lm.Beam(2))
    with pytest.raises(ValueError, match="Linear writes nothing here"):
        lm.generate(torch.nn.Linear(2, 2), [[1]], 2)
    with pytest.raises(ValueError, match="needs `seen`"):
        lm.Sample(repetition_penalty=2.0).distribution(torch.zeros(1, 4))
    for kind, wrong in ((lm.Sample, {"temperature": float("inf")}), (lm.Sample, {"top_k": 1.5}), (lm.Sample, {"top_p": 0}), (lm.Sample, {"min_p": 1.1}),
                        (lm.Sample, {"repetition_penalty": 0}), (lm.Greedy, {"repetition_penalty": -1}), (lm.Beam, {"length_penalty": float("nan")})):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            kind(**wrong)
