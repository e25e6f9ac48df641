"""Record and ablate: the record is the model's own, and a cut takes away exactly what was named."""
import pytest
import torch
from small import MODERN, SMALL, randomised

import lmcourse as lm


@pytest.fixture(params=[{}, MODERN], ids=["gpt2", "modern"])
def model(request):
    return randomised(lm.GPT(lm.TransformerConfig(**SMALL, **request.param)))


IDS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6], [5, 3, 5, 8, 9, 7, 9, 3]])


def test_recording_changes_nothing(model):
    record = lm.record(model, IDS)
    torch.testing.assert_close(record.logits, model(IDS), rtol=1e-4, atol=1e-5)
    assert len(record.residual) == model.config.n_layers + 1
    for weights in record.attention:
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 8))
        assert weights.triu(1).abs().max() == 0
    assert all(block.attention.probe is None for block in model.blocks)


def test_without_the_mask_the_first_token_sees_the_last(model):
    record = lm.record(model, IDS, causal=False)
    assert all((weights > 0).all() for weights in record.attention)
    torch.testing.assert_close(record.attention[0].sum(-1), torch.ones(2, 4, 8))


def test_temperature_sharpens_and_flattens(model):
    entropy = lambda w: -(w * w.clamp(min=1e-9).log()).sum(-1).mean()
    sharp, plain, flat = (entropy(lm.record(model, IDS, temperature=t).attention[0]) for t in (0.2, 1, 5))
    assert sharp < plain < flat


def test_a_head_off_equals_zeroed_columns_of_its_output(model):
    with lm.ablate(model, heads=[(1, 2)]):
        ablated = model(IDS)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.blocks[1].attention.output.weight.data[:, 16:24] = 0          # head 2 writes through these columns
    torch.testing.assert_close(model(IDS), ablated, rtol=1e-4, atol=1e-5)
    model.load_state_dict(state)
    assert not torch.allclose(model(IDS), ablated)


def test_one_look_is_cut_and_the_rest_of_the_row_grows(model):
    before = lm.record(model, IDS).attention[1]
    with lm.ablate(model, edges={(1, 3): [(6, 2)]}):
        after = lm.record(model, IDS).attention[1]
    expected = before[:, 3, 6].clone()
    expected[:, 2] = 0
    torch.testing.assert_close(after[:, 3, 6], expected / expected.sum(-1, keepdim=True))
    torch.testing.assert_close(after[:, :3], before[:, :3])
    torch.testing.assert_close(after[:, 3, :6], before[:, 3, :6])


def test_cuts_nest_and_are_taken_back(model):
    plain = model(IDS)
    with lm.ablate(model, heads=[(0, 0)]):
        one = model(IDS)
        with lm.ablate(model, heads=[(0, 1)]):
            both = model(IDS)
        torch.testing.assert_close(model(IDS), one)
    with lm.ablate(model, heads=[(0, 0), (0, 1)]):
        torch.testing.assert_close(model(IDS), both)
    torch.testing.assert_close(model(IDS), plain)


def test_a_mask_a_row_cuts_each_row_its_own_way(model):
    cut = torch.zeros(2, 8, 8, dtype=torch.bool)
    cut[1, 5, 0] = True
    with lm.ablate(model, edges={(0, 0): cut}):
        weights = lm.record(model, IDS).attention[0]
    assert weights[1, 0, 5, 0] == 0 and weights[0, 0, 5, 0] > 0


def test_without_positions_only_the_company_counts_and_they_come_back():
    model = randomised(lm.GPT(lm.TransformerConfig(**SMALL)))
    before, turned = model(IDS), torch.cat([IDS[:, :-1].flip(1), IDS[:, -1:]], 1)          # the same past of the last token, backwards
    assert not torch.allclose(lm.record(model, turned, causal=False).logits[:, -1], lm.record(model, IDS, causal=False).logits[:, -1], atol=1e-3)
    with lm.ablate(model, positions=True):
        torch.testing.assert_close(lm.record(model, turned, causal=False).logits[:, -1], lm.record(model, IDS, causal=False).logits[:, -1])
    assert torch.equal(model(IDS), before)
    with pytest.raises(ValueError, match="learned positions.*rope"), lm.ablate(lm.GPT(lm.TransformerConfig(**SMALL, position="rope")), positions=True):
        pass


def test_clear_errors(model):
    with pytest.raises(ValueError, match="no layer 2, head 0: layers go from 0 to 1"), lm.ablate(model, heads=[(2, 0)]):
        pass
    with pytest.raises(ValueError, match="no look from 9 to 0"), lm.ablate(model, edges={(0, 0): [(9, 0)]}):
        model(IDS)
    with pytest.raises(ValueError, match="may look nowhere"), lm.ablate(model, edges={(0, 0): [(0, 0)]}):
        model(IDS)
    with pytest.raises(ValueError, match="a mask of looks"), lm.ablate(model, edges={(0, 0): torch.zeros(3, 3, dtype=torch.bool)}):
        model(IDS)
    with pytest.raises(ValueError, match="temperature=-1"):
        lm.record(model, IDS, temperature=-1)
    assert all(block.attention.probe is None for block in model.blocks)
