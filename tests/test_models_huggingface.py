"""The same weights in transformers and here say the same, whoever wrote the folder: small random models, and MiniLM's real ones."""
import importlib.util
import json

import pytest
import torch
import transformers as hf
from small import randomised

import lmcourse as lm
from lmcourse.packaged import MINILM, minilm_folder

SIZES = {"vocab_size": 50, "d_model": 32, "n_heads": 4, "n_layers": 2, "max_len": 24}
LLAMA = {"position": "rope", "norm": "rms", "mlp": "swiglu", "bias": False}
BERT_SIZES = {"vocab_size": 50, "max_position_embeddings": 24, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 40}
LLAMA_SIZES = {**BERT_SIZES, "num_key_value_heads": 2, "pad_token_id": None}
GPT2_SIZES = {"vocab_size": 50, "n_positions": 24, "n_embd": 32, "n_layer": 2, "n_head": 4}

THEIRS = {
    "gpt2": (hf.GPT2LMHeadModel, hf.GPT2Config(**GPT2_SIZES)),
    "gpt2, exact gelu, narrow": (hf.GPT2LMHeadModel, hf.GPT2Config(**GPT2_SIZES, activation_function="gelu", n_inner=40)),
    "gpt2, another epsilon": (hf.GPT2LMHeadModel, hf.GPT2Config(**GPT2_SIZES, layer_norm_epsilon=0.1)),
    "bert, masked": (hf.BertForMaskedLM, hf.BertConfig(**BERT_SIZES)),
    "bert, masked, gelu_new": (hf.BertForMaskedLM, hf.BertConfig(**BERT_SIZES, hidden_act="gelu_new", type_vocab_size=1, layer_norm_eps=1e-3)),
    "bert, classes": (hf.BertForSequenceClassification, hf.BertConfig(**BERT_SIZES, num_labels=3)),
    "llama": (hf.LlamaForCausalLM, hf.LlamaConfig(**LLAMA_SIZES)),
    "llama, tied, another base": (hf.LlamaForCausalLM, hf.LlamaConfig(**LLAMA_SIZES, tie_word_embeddings=True, rms_norm_eps=1e-2,
                                                                      rope_parameters={"rope_type": "default", "rope_theta": 500.0}))}
OURS = {
    "gpt2": (hf.GPT2LMHeadModel, lambda: lm.GPT(lm.TransformerConfig(**SIZES))),
    "gpt2, exact gelu, narrow": (hf.GPT2LMHeadModel, lambda: lm.GPT(lm.TransformerConfig(**SIZES, mlp="gelu", d_hidden=40))),
    "bert, masked": (hf.BertForMaskedLM, lambda: lm.BERT(lm.bert_config(**SIZES))),
    "bert, masked, gelu_tanh": (hf.BertForMaskedLM, lambda: lm.BERT(lm.bert_config(**SIZES, mlp="gelu_tanh", n_types=3, norm_eps=1e-3))),
    "bert, classes": (hf.BertForSequenceClassification, lambda: lm.BERT(lm.bert_config(**SIZES), head=3)),
    "llama": (hf.LlamaForCausalLM, lambda: lm.GPT(lm.TransformerConfig(**SIZES, **LLAMA, tie_weights=False))),
    "llama, grouped, tied": (hf.LlamaForCausalLM, lambda: lm.GPT(lm.TransformerConfig(**SIZES, **LLAMA, n_kv_heads=2, rope_base=500.0, norm_eps=1e-2)))}


def agree(ours, theirs):
    """Two answers (..., n): at most 1e-4 apart, measured by the largest number, and the same one on top everywhere."""
    assert ours.shape == theirs.shape and theirs.std() > 0.1
    assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()
    assert torch.equal(ours.argmax(-1), theirs.argmax(-1))


def drawn(vocab_size=50, T=20):
    """ids (3, T) without 0, which is BERT's padding."""
    return torch.randint(1, vocab_size, (3, T))


@pytest.mark.parametrize("name", THEIRS)
@torch.no_grad()
def test_what_they_wrote_is_read_here(name, tmp_path):
    kind, config = THEIRS[name]
    theirs = randomised(kind(config))
    theirs.save_pretrained(tmp_path)
    ours, ids = lm.load(tmp_path), drawn()
    agree(ours(ids), theirs(ids).logits)
    lm.save(ours, tmp_path / "again")                                   # and once more around
    assert all(torch.equal(a, b) for a, b in zip(ours.state_dict().values(), lm.load(tmp_path / "again").state_dict().values(), strict=True))


@pytest.mark.parametrize("name", OURS)
@torch.no_grad()
def test_what_is_written_here_is_read_by_them(name, tmp_path):
    kind, build = OURS[name]
    ours = randomised(build())
    lm.save(ours, tmp_path)
    theirs, report = kind.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values()), report                             # nothing is missing, left over or of another shape
    ids = drawn()
    agree(ours(ids), theirs.eval()(ids).logits)
    assert json.loads((tmp_path / "config.json").read_text())["architectures"] == [kind.__name__]


@torch.no_grad()
def test_kinds_of_token_and_padding_mean_the_same(tmp_path):
    """A pair of texts of different length: their attention mask is our padding token."""
    theirs = randomised(hf.BertForSequenceClassification(hf.BertConfig(**BERT_SIZES, num_labels=3)))
    theirs.save_pretrained(tmp_path)
    ids, types = drawn(), torch.tensor([[0] * 8 + [1] * 12] * 3)
    ids[0, 15:], ids[1, 9:] = 0, 0
    ours = lm.load(tmp_path)
    agree(ours(ids, types), theirs(ids, token_type_ids=types, attention_mask=(ids != 0).long()).logits)
    assert not torch.allclose(ours(ids, types), ours(ids))


@pytest.mark.parametrize("kind, config, says", [
    (hf.GPT2LMHeadModel, hf.GPT2Config(**GPT2_SIZES, activation_function="relu"), "activation_function='relu'"),
    (hf.GPT2LMHeadModel, hf.GPT2Config(**GPT2_SIZES, tie_word_embeddings=False), "tied embeddings"),
    (hf.GPT2LMHeadModel, hf.GPT2Config(**GPT2_SIZES, scale_attn_by_inverse_layer_idx=True), "root of a head's width alone"),
    (hf.BertForMaskedLM, hf.BertConfig(**BERT_SIZES, hidden_act="relu"), "hidden_act='relu'"),
    (hf.LlamaForCausalLM, hf.LlamaConfig(**LLAMA_SIZES, attention_bias=True), "no biases"),
    (hf.LlamaForCausalLM, hf.LlamaConfig(**LLAMA_SIZES, rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}), "plain rope")])
def test_what_would_come_out_wrong_is_refused(kind, config, says, tmp_path):
    kind(config).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=says):
        lm.load(tmp_path)


@pytest.mark.parametrize("change", [{"norm_first": False}, {"norm_eps": 1e-3}, {"qk_norm": True}, {**LLAMA, "bias": True}], ids=str)
@torch.no_grad()
def test_what_they_cannot_say_is_not_written_under_their_name(change, tmp_path):
    model = randomised(lm.GPT(lm.TransformerConfig(**SIZES, **change)))
    lm.save(model, tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "lmcourse-gpt"
    ids = drawn()
    assert torch.equal(lm.load(tmp_path)(ids), model(ids))


@pytest.mark.skipif(importlib.util.find_spec(MINILM.module) is None, reason="MiniLM's weights are not installed: make weights")
@torch.no_grad()
def test_minilms_real_weights_in_our_bert():
    theirs, tokenizer, _ = lm.pretrained("minilm")
    ours, words = lm.load(minilm_folder()), lm.load_tokenizer(minilm_folder())
    for text in ("Nora Bell lost her key near London.", "Attention is all you need!", "It was unbelievably hungry, because she ate nothing: 42 times."):
        ids = torch.tensor(words.rows([text]))
        assert ids[0].tolist() == tokenizer(text)["input_ids"]
        agree(ours(ids), theirs(ids).last_hidden_state)
