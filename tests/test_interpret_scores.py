"""The logit lens ends at the model's own words; the scores of heads are 1 for what they are named after."""
import pytest
import torch
from small import MODERN, SMALL, randomised

import lmcourse as lm
from lmcourse.interpret import head_scores, induction_pattern_score, logit_lens, previous_token_pattern_score

IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6], [5, 3, 5, 8, 9, 7, 9, 3]])


@pytest.mark.parametrize("options", [{}, MODERN, {"tie_weights": False, "n_layers": 3}], ids=["gpt2", "modern", "untied"])
def test_the_lens_ends_at_the_models_own_words(options):
    model = randomised(lm.GPT(lm.TransformerConfig(**{**SMALL, **options})))
    seen, depth = logit_lens(model, IDS), model.config.n_layers
    assert seen.shape == (depth + 1, 2, 8, 50)
    torch.testing.assert_close(seen[-1], model(IDS).log_softmax(-1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(seen.exp().sum(-1), torch.ones(depth + 1, 2, 8))
    for block in model.blocks[1:]:                                      # blocks that add nothing: the stream after the first is the last
        for layer in (block.attention.output, block.mlp.down):
            for p in layer.parameters():
                torch.nn.init.zeros_(p)
    now = logit_lens(model, IDS)
    torch.testing.assert_close(now[1], model(IDS).log_softmax(-1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(now[:2], seen[:2], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(now[0], now[1], atol=0.1) and not torch.allclose(now[-1], seen[-1], atol=0.1)


def test_a_pattern_built_by_hand_scores_one():
    n = 7
    induction, previous = torch.zeros(2, 2 * n, 2 * n)
    tokens = torch.randperm(50)[:n].repeat(2)
    for query in range(2 * n):
        earlier = [j for j in range(query) if tokens[j] == tokens[query]]
        induction[query, earlier[-1] + 1 if earlier else 0] = 1         # the token after the earlier occurrence, as the definition says
        previous[query, max(query - 1, 0)] = 1
    assert induction_pattern_score(induction, n) == 1 and previous_token_pattern_score(previous) == 1
    assert induction_pattern_score(previous, n) == 0 and previous_token_pattern_score(induction) < 0.2
    torch.testing.assert_close(induction_pattern_score(torch.stack([induction, previous]), n), torch.tensor([1.0, 0.0]))


def test_an_untrained_model_looks_about_evenly():
    torch.manual_seed(0)
    n, model = 12, lm.GPT(lm.TransformerConfig(**SMALL))
    even = torch.ones(2 * n, 2 * n).tril() / torch.arange(1, 2 * n + 1)[:, None]
    induction, previous = head_scores(model, n)
    assert induction.shape == previous.shape == (2, 4)
    torch.testing.assert_close(induction, induction_pattern_score(even, n).expand(2, 4), atol=0.03, rtol=0)
    torch.testing.assert_close(previous, previous_token_pattern_score(even).expand(2, 4), atol=0.03, rtol=0)


def test_the_bundled_model_copies_by_a_head_that_looks_for_what_came_next():
    """Names are copied in the stories, so an induction head is there; the untrained model has none."""
    model, tokenizer, _ = lm.pretrained("course-gpt")
    words = [i for i, token in enumerate(tokenizer.tokens) if token[0] == "Ġ" and token[1:].istitle()]
    assert len(words) > 50
    induction, _ = head_scores(model, 5, ids=words)
    even = torch.ones(10, 10).tril() / torch.arange(1, 11)[:, None]
    assert induction.max() > 1.8 * induction_pattern_score(even, 5) and torch.equal(head_scores(model, 5, ids=words)[0], induction)
    assert not torch.equal(head_scores(model, 5, ids=words, seed=1)[0], induction)


def test_clear_errors():
    model = lm.GPT(lm.TransformerConfig(**SMALL))
    with pytest.raises(ValueError, match="norm_first=False has none"):
        logit_lens(lm.GPT(lm.TransformerConfig(**SMALL, norm_first=False)), IDS)
    for n in (1, 13):
        with pytest.raises(ValueError, match=f"n={n} tokens said twice"):
            head_scores(model, n)
    with pytest.raises(ValueError, match="ids holds 1 different tokens"):
        head_scores(model, 5, ids=[3, 3])
