"""Scores: equal to the libraries', to closed forms and to what one would count by hand; clear about bad input."""
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import lmcourse as lm
from lmcourse.evaluation import calibration

torch = pytest.importorskip("torch")
TEXTS = lm.world.stories(6, seed=3).texts
WORDS = st.lists(st.sampled_from("the red key of Anna was lost in a river".split()), min_size=1, max_size=9).map(" ".join)
PAIRS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5)


class Uniform(torch.nn.Module):
    """Every token is as probable as any other."""
    def __init__(self, size):
        super().__init__()
        self.size, self.nothing = size, torch.nn.Parameter(torch.zeros(1))

    def forward(self, ids):
        return torch.zeros(*ids.shape, self.size)


def test_bits_of_a_model_that_knows_nothing():
    for tokenizer in (lm.WordTokenizer.train(TEXTS), lm.BPETokenizer.train(TEXTS, 300)):
        model, tokens = Uniform(len(tokenizer)), sum(len(row) - 1 for row in tokenizer.rows(TEXTS))
        bits = tokens * math.log2(len(tokenizer))
        assert lm.evaluation.bits_per_character(model, tokenizer, TEXTS) == pytest.approx(bits / len("".join(TEXTS)))
        assert lm.evaluation.text_losses(model, tokenizer, TEXTS).sum().item() == pytest.approx(bits * math.log(2), rel=1e-5)


def test_bytes_and_characters_differ_by_script():
    tokenizer = lm.BPETokenizer.train(TEXTS, 257)
    model = Uniform(257)
    zh, en = ["她有一把钥匙"], ["She had a key"]
    character, byte = lm.evaluation.bits_per_character, lm.evaluation.bits_per_byte
    assert character(model, tokenizer, zh) == pytest.approx(3 * byte(model, tokenizer, zh))       # three bytes a character
    assert character(model, tokenizer, en) == byte(model, tokenizer, en)
    with pytest.raises(ValueError, match="no text to measure"):
        byte(model, tokenizer, [""])


def test_loss_of_a_text_is_the_sum_over_its_tokens():
    model, tokenizer, _ = lm.pretrained("course-gpt")
    row = tokenizer.rows(TEXTS[:1])[0]
    logits = model(torch.tensor([row[:-1]]))[0]
    whole = torch.nn.functional.cross_entropy(logits, torch.tensor(row[1:]), reduction="sum")
    torch.testing.assert_close(lm.evaluation.text_losses(model, tokenizer, TEXTS[:1])[0], whole.detach())


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2, 3, -100])), min_size=1, max_size=30))
def test_accuracy_counts_what_is_scored(pairs):
    predictions, targets = zip(*pairs)
    scored = [p == t for p, t in pairs if t != -100]
    if scored:
        assert lm.evaluation.accuracy(predictions, targets) == pytest.approx(sum(scored) / len(scored))
        assert lm.evaluation.accuracy(torch.tensor(predictions), torch.tensor(targets)) == pytest.approx(sum(scored) / len(scored))
    else:
        with pytest.raises(ValueError, match="nothing to score"):
            lm.evaluation.accuracy(predictions, targets)


def test_exact_match():
    match = lm.evaluation.exact_match
    assert match(["The red key.", "a blue kite"], ["red key", "red kite"]) == 0.5
    assert match(["The red key."], ["red key"], normalised=False) == 0
    assert match(["Anna"], [["Anna Bell", "anna"]]) == 1
    with pytest.raises(ValueError, match="1 predictions for 2 references"):
        match(["a"], ["a", "b"])
    with pytest.raises(ValueError, match=r"shape \(1,\), targets \(2,\)"):
        lm.evaluation.accuracy([1], [1, 2])


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_overlap_scores_are_the_libraries(pairs):
    sacrebleu = pytest.importorskip("sacrebleu")
    rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")
    predictions, references = map(list, zip(*pairs))
    assert lm.evaluation.bleu(predictions, references) == sacrebleu.BLEU().corpus_score(predictions, [references]).score
    assert lm.evaluation.chrf(predictions, references) == sacrebleu.CHRF().corpus_score(predictions, [references]).score
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"])
    scores = [scorer.score(reference, text) for text, reference in pairs]
    for kind in ("rouge1", "rouge2", "rougeL"):
        found = lm.evaluation.rouge(predictions, references, kind)
        assert found.recall == pytest.approx(np.mean([score[kind].recall for score in scores]))
        assert found.precision == pytest.approx(np.mean([score[kind].precision for score in scores]))
    same = lm.evaluation.rouge(references, references, "rouge1")
    assert same == (1, 1, 1)
    assert lm.evaluation.chrf(references, references) == pytest.approx(100)


def test_references_and_scripts():
    pytest.importorskip("sacrebleu")
    bleu = lm.evaluation.bleu
    text, other = "one morning Anna Bell was in the garden", "Anna Bell lost her red key by the river"
    assert bleu([text], [[other, text]]) == pytest.approx(100) and bleu([text], [other]) < 50
    assert bleu(["她 有 一把 红色 的 钥匙"], ["她有一把红色的钥匙"], tokenize="zh") == pytest.approx(100)
    with pytest.raises(ValueError, match="finds no word in '她有"):
        lm.evaluation.rouge(["她有"], ["她有一把红色的钥匙"])
    for wrong, says in ((("a", "a"), "lists of texts"), ((["a"], []), "1 predictions for 0"), ((["a", "b"], [["a"], ["a", "b"]]), "same number")):
        with pytest.raises(ValueError, match=says):
            bleu(*wrong)
    with pytest.raises(ValueError, match="kind='rouge9'"):
        lm.evaluation.rouge(["a"], ["a"], "rouge9")


@pytest.mark.parametrize("module, score", [("sacrebleu", lm.evaluation.bleu), ("sacrebleu", lm.evaluation.chrf),
                                           ("rouge_score.rouge_scorer", lm.evaluation.rouge)])
def test_a_missing_library_names_the_line(module, score, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match="pip install (sacrebleu|rouge-score)"):
        score(["a"], ["a"])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40), st.integers(1, 12))
def test_calibration_error_is_what_one_counts_by_hand(pairs, bins):
    confidences, correct = zip(*pairs)
    by_hand = 0
    for b in range(bins):
        low, high = np.linspace(0, 1, bins + 1)[[b, b + 1]]
        inside = [(c, k) for c, k in pairs if low < c <= high or (b == 0 and c == 0)]
        if inside:
            by_hand += abs(sum(c for c, _ in inside) - sum(k for _, k in inside)) / len(pairs)
    assert lm.evaluation.expected_calibration_error(confidences, correct, bins) == pytest.approx(by_hand, abs=1e-9)
    assert sum(b.count for b in calibration.reliability(confidences, correct, bins)) == len(pairs)


def test_calibration_in_closed_form_and_errors():
    ece = lm.evaluation.expected_calibration_error
    assert ece([0.75] * 4, [1, 1, 1, 0]) == 0                       # says 75 %, is right three times in four
    assert ece([1.0] * 4, [1, 1, 0, 0]) == 0.5
    for wrong, says in ((([2.0], [1]), "give softmax"), (([0.5], [1, 0]), "same length"), (([], []), "not empty"), (([0.5], [1], 0), "bins=0")):
        with pytest.raises(ValueError, match=says):
            ece(*wrong)


@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_bootstrap_agrees_with_scipy(statistic):
    stats = pytest.importorskip("scipy.stats")
    items = np.random.default_rng(1).normal(3, 2, 80)
    ours = lm.evaluation.bootstrap(items, statistic, draws=4000)
    theirs = stats.bootstrap((items,), statistic, method="percentile", n_resamples=4000, rng=np.random.default_rng(5)).confidence_interval
    assert ours.value == statistic(items)
    assert ours.low == pytest.approx(theirs.low, abs=0.06) and ours.high == pytest.approx(theirs.high, abs=0.06)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.floats(0.5, 0.9))
def test_bootstrap_intervals_hold_within_wider_ones(items, confidence):
    narrow = lm.evaluation.bootstrap(items, confidence=confidence, draws=200)
    wide = lm.evaluation.bootstrap(items, confidence=0.99, draws=200)
    assert min(items) - 1e-9 <= wide.low <= narrow.low <= narrow.high <= wide.high <= max(items) + 1e-9


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = [low <= 0.3 <= high for low, _, high in
            (lm.evaluation.bootstrap(rng.random(60) < 0.3, draws=300, seed=i) for i in range(200))]
    assert 0.88 <= np.mean(hits) <= 0.99
    for wrong, says in ((([1],), "at least two"), (([1, 2], np.mean, 1.0), "confidence=1.0")):
        with pytest.raises(ValueError, match=says):
            lm.evaluation.bootstrap(*wrong)
