"""Checkpoints: what is loaded is what was saved, and damage is noticed."""
import json

import pytest
import torch

import lmcourse as lm

MODELS = {"gpt2": lambda: lm.GPT(lm.TransformerConfig(300, 32, 4, 2, 24)),
          "modern": lambda: lm.GPT(lm.TransformerConfig(300, 32, 4, 2, 24, position="rope", token_shift=True, qk_norm=True, bias=False)),
          "lstm": lambda: lm.LSTMLanguageModel(300, 16, 32)}


@pytest.mark.parametrize("kind", MODELS)
def test_round_trip(kind, tmp_path):
    torch.manual_seed(0)
    model = MODELS[kind]().eval()
    lm.save(model, tmp_path, card={"seed": 0})
    ids = torch.randint(0, 300, (2, 9))
    assert torch.equal(lm.load(tmp_path)(ids), model(ids))
    assert json.loads((tmp_path / "card.json").read_text())["seed"] == 0


def test_one_flipped_bit_is_noticed(tmp_path):
    lm.save(MODELS["gpt2"](), tmp_path)
    weights = tmp_path / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ValueError, match="is damaged: its SHA-256"):
        lm.load(tmp_path)


def test_a_tokenizer_of_another_size_is_refused(tmp_path):
    tokenizer = lm.BPETokenizer.train(["a b"], vocab_size=257)
    with pytest.raises(ValueError, match="257 tokens, the model 300"):
        lm.save(MODELS["gpt2"](), tmp_path, tokenizer)
    lm.save(MODELS["gpt2"](), tmp_path)
    tokenizer.save(tmp_path)
    with pytest.raises(ValueError, match="do not belong together"):
        lm.load(tmp_path)


def test_weights_of_another_model_are_refused(tmp_path):
    lm.save(MODELS["gpt2"](), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "n_layer": 3}))
    with pytest.raises(ValueError, match="weights and config do not belong together"):
        lm.load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "mamba"}))
    with pytest.raises(ValueError, match="'mamba' is not known"):
        lm.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="config.json is missing"):
        lm.load(tmp_path / "nowhere")
