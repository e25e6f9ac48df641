"""Names: Hugging Face's GPT-2, BERT and Llama and ours say the same thing in different words. Works on numpy and torch,
imports neither: `join` is torch.cat or np.concatenate."""
import re
from itertools import accumulate

_GPT2 = (("wte.weight", "token_embedding.weight"), ("wpe.weight", "position_embedding.weight"), ("ln_f", "final_norm"),
         ("h.", "blocks."), (".ln_1.", ".attention_norm."), (".ln_2.", ".mlp_norm."), (".attn.c_attn.", ".attention.qkv."),
         (".attn.c_proj.", ".attention.output."), (".mlp.c_fc.", ".mlp.up."), (".mlp.c_proj.", ".mlp.down."))
_CONV1D = re.compile(r"\.(attention\.(qkv|output)|mlp\.(up|down))\.weight$")     # GPT-2 stores these (in, out)
_BUFFER = re.compile(r"\.attn\.(masked_)?bias$")                                 # its stored causal mask
ACTIVATIONS = {"gelu_tanh": "gelu_new", "gelu": "gelu"}
READ_AS = {"dtype": "float32"}                          # a file in float16 saves room; transformers would compute in it too


def _renamed(name, pairs, back=False):
    """The name in the other words: of the `pairs` (theirs, ours) the first that fits the beginning and the first, written with a
    dot, that fits inside are replaced; with `back` ours become theirs."""
    pairs = [pair[::-1] for pair in pairs] if back else pairs
    begins = next(((b, a) for b, a in pairs if b[0] != "." and name.startswith(b)), ("", ""))
    inside = next(((b, a) for b, a in pairs if b[0] == "." and b in name), ("", ""))
    return begins[1] + name[len(begins[0]):].replace(*inside, 1)


def from_gpt2(state):
    """{Hugging Face name: array} -> {our name: array}, matrices as (out, in). A tied `lm_head.weight` is dropped."""
    kept = {name: array for name, array in state.items() if not _BUFFER.search(name) and name != "lm_head.weight"}
    ours = {_renamed(name.removeprefix("transformer."), _GPT2): array for name, array in kept.items()}
    return {name: array.T if _CONV1D.search(name) else array for name, array in ours.items()}


def to_gpt2(state):
    """{our name: array} -> {Hugging Face name: array}, under `transformer.`, matrices as (in, out)."""
    return {"transformer." + _renamed(name, _GPT2, back=True): array.T if _CONV1D.search(name) else array for name, array in state.items()}


def gpt2_config(config):
    """Our settings as the dictionary of Hugging Face's GPT2Config. ValueError where GPT-2 has no such thing."""
    if (config.position, config.norm, config.norm_first, config.norm_eps, config.qk_norm, config.token_shift, config.bias, config.tie_weights) != (
            "learned", "layer", True, 1e-5, False, False, True, True) or config.n_kv_heads != config.n_heads or config.mlp not in ACTIVATIONS:
        raise ValueError("GPT-2's layout holds learned positions, LayerNorm (1e-5) with bias before each part, GELU, tied weights, no grouped queries, "
                         f"no qk_norm and no token_shift; this is {config}")
    return {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "activation_function": ACTIVATIONS[config.mlp],
            "vocab_size": config.vocab_size, "n_positions": config.max_len, "n_embd": config.d_model, "n_layer": config.n_layers,
            "n_head": config.n_heads, "n_inner": config.d_hidden, "resid_pdrop": config.dropout, "embd_pdrop": config.dropout,
            "attn_pdrop": 0.0, "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True,
            "bos_token_id": config.vocab_size - 1, "eos_token_id": config.vocab_size - 1, **READ_AS}


def from_gpt2_config(data):
    """The dictionary of a GPT2Config as the keyword arguments of `TransformerConfig`."""
    mlp = {theirs: ours for ours, theirs in ACTIVATIONS.items()}.get(data.get("activation_function", "gelu_new"))
    if mlp is None:
        raise ValueError(f"activation_function={data['activation_function']!r}: gelu_new and gelu are known here")
    if not data.get("tie_word_embeddings", True) or not data.get("scale_attn_weights", True) or data.get("scale_attn_by_inverse_layer_idx"):
        raise ValueError("of GPT-2's settings tied embeddings, and scores divided by the root of a head's width alone, are known here")
    return {"vocab_size": data["vocab_size"], "d_model": data["n_embd"], "n_heads": data["n_head"], "n_layers": data["n_layer"],
            "max_len": data["n_positions"], "d_hidden": data.get("n_inner"), "position": "learned", "norm": "layer", "mlp": mlp,
            "norm_eps": data.get("layer_norm_epsilon", 1e-5),
            "dropout": data.get("resid_pdrop", 0.0), "bias": True, "tie_weights": True}


_BERT = (("embeddings.word_embeddings.weight", "token_embedding.weight"), ("embeddings.position_embeddings.weight", "position_embedding.weight"),
         ("embeddings.token_type_embeddings.weight", "type_embedding.weight"), ("embeddings.LayerNorm.", "embedding_norm."),
         ("encoder.layer.", "blocks."), (".attention.output.LayerNorm.", ".attention_norm."), (".attention.output.dense.", ".attention.output."),
         (".output.LayerNorm.", ".mlp_norm."), (".intermediate.dense.", ".mlp.up."), (".output.dense.", ".mlp.down."),
         (".attention.self.", ".attention."))
_BERT_HEADS = (("cls.predictions.transform.dense.", "head.transform."), ("cls.predictions.transform.LayerNorm.", "head.norm."),
               ("cls.predictions.bias", "head.bias"), ("classifier.", "head.classifier."), ("bert.pooler.dense.", "head.pooler."))
_LLAMA = (("embed_tokens.weight", "token_embedding.weight"), ("lm_head.weight", "output.weight"), ("norm.weight", "final_norm.weight"),
          ("layers.", "blocks."), (".input_layernorm.", ".attention_norm."), (".post_attention_layernorm.", ".mlp_norm."),
          (".self_attn.o_proj.", ".attention.output."), (".mlp.gate_proj.", ".mlp.gate."), (".mlp.up_proj.", ".mlp.up."),
          (".mlp.down_proj.", ".mlp.down."), (".self_attn.", ".attention."))
_PARTS = re.compile(r"\.attention\.(query|key|value|[qkv]_proj)\.(weight|bias)$")      # stored one by one, one matrix here


def _joined(state, parts, join):
    """The query, key and value of each layer, three arrays, as one: rows of queries first, then keys, then values."""
    whole = {name: array for name, array in state.items() if not _PARTS.search(name)}
    for name in state:
        if found := _PARTS.search(name):
            if found[1] == parts[0]:
                three = [state[name.replace(f".{parts[0]}.", f".{part}.")] for part in parts]
                whole[name.replace(f".{parts[0]}.", ".qkv.")] = join(three)
    return whole


def _parted(state, parts, rows):
    """The reverse of `_joined`; `rows`: how many of the rows are queries, keys, values."""
    parted, ends = {}, [*accumulate(rows)]
    for name, array in state.items():
        if ".attention.qkv." in name:
            parted |= {name.replace(".qkv.", f".{part}."): array[end - count:end] for part, count, end in zip(parts, rows, ends)}
        else:
            parted[name] = array
    return parted


def from_bert(state, join):
    """{Hugging Face name: array} of a BertModel, BertForMaskedLM or BertForSequenceClassification -> {our name: array}."""
    ours, heads = {}, any(name.startswith(("cls.", "classifier.")) for name in state)
    for name, array in state.items():
        if name.endswith(("position_ids", "predictions.decoder.weight", "predictions.decoder.bias")) or name.startswith("cls.seq_"):
            continue                                                    # a constant, tied to others, next-sentence prediction
        if ".pooler." in f".{name}" and not (heads and "classifier.weight" in state):
            continue                                                    # BertModel's and BertForPreTraining's, which no head of ours uses
        ours[_renamed(_renamed(name, _BERT_HEADS).removeprefix("bert."), _BERT)] = array
    return _joined(ours, ("query", "key", "value"), join)


def to_bert(state):
    """{our name: array} of a BERT -> {Hugging Face name: array}, as BertForMaskedLM or BertForSequenceClassification reads them."""
    width = len(state["embedding_norm.weight"])
    parted = _parted(state, ("query", "key", "value"), [width] * 3)
    return {_renamed(name, _BERT_HEADS, back=True) if name.startswith("head.") else "bert." + _renamed(name, _BERT, back=True): array
            for name, array in parted.items()}


def bert_settings(config, head):
    """Our settings as the dictionary of Hugging Face's BertConfig. ValueError where BERT has no such thing."""
    if (config.position, config.norm, config.norm_first, config.qk_norm, config.token_shift, config.bias) != (
            "learned", "layer", False, False, False, True) or config.n_kv_heads != config.n_heads or config.mlp not in ACTIVATIONS or not config.n_types:
        raise ValueError("BERT's layout holds learned positions, kinds of token, LayerNorm with bias after each part, GELU, no grouped "
                         f"queries, no qk_norm and no token_shift; this is {config}")
    name = {"masked": "BertForMaskedLM", None: "BertModel"}.get(head, "BertForSequenceClassification")
    classes = {"id2label": {i: f"LABEL_{i}" for i in range(head)}, "label2id": {f"LABEL_{i}": i for i in range(head)}} if isinstance(head, int) else {}
    return {"model_type": "bert", "architectures": [name], "hidden_act": ACTIVATIONS[config.mlp], "vocab_size": config.vocab_size,
            "max_position_embeddings": config.max_len, "hidden_size": config.d_model, "num_hidden_layers": config.n_layers,
            "num_attention_heads": config.n_heads, "intermediate_size": config.d_hidden, "type_vocab_size": config.n_types,
            "hidden_dropout_prob": config.dropout, "attention_probs_dropout_prob": 0.0, "layer_norm_eps": config.norm_eps,
            "pad_token_id": config.pad_id, "tie_word_embeddings": True, **READ_AS, **classes}


def from_bert_settings(data):
    """The dictionary of a BertConfig as the keyword arguments of `TransformerConfig`."""
    mlp = {theirs: ours for ours, theirs in ACTIVATIONS.items()}.get(data.get("hidden_act", "gelu"))
    if mlp is None or data.get("position_embedding_type", "absolute") != "absolute":
        raise ValueError(f"hidden_act={data.get('hidden_act')!r}, position_embedding_type={data.get('position_embedding_type')!r}: "
                         "gelu_new and gelu, and absolute positions are known here")
    return {"vocab_size": data["vocab_size"], "d_model": data["hidden_size"], "n_heads": data["num_attention_heads"],
            "n_layers": data["num_hidden_layers"], "max_len": data["max_position_embeddings"], "d_hidden": data["intermediate_size"],
            "position": "learned", "norm": "layer", "norm_first": False, "norm_eps": data.get("layer_norm_eps", 1e-12), "mlp": mlp,
            "n_types": data.get("type_vocab_size", 2), "pad_id": data.get("pad_token_id", 0), "dropout": data.get("hidden_dropout_prob", 0.1)}


def from_llama(state, join):
    """{Hugging Face name: array} of a LlamaForCausalLM -> {our name: array}."""
    state = {name: array for name, array in state.items() if not name.endswith("rotary_emb.inv_freq")}
    return _joined({_renamed(name.removeprefix("model."), _LLAMA): array for name, array in state.items()}, ("q_proj", "k_proj", "v_proj"), join)


def from_llama_config(data):
    """The dictionary of a LlamaConfig as the keyword arguments of `TransformerConfig`."""
    rope = data.get("rope_parameters") or {"rope_theta": data.get("rope_theta", 10_000.0), **(data.get("rope_scaling") or {})}
    if rope.get("rope_type", "default") != "default" or data.get("hidden_act", "silu") != "silu" or data.get("attention_bias") or data.get("mlp_bias") \
            or data.get("head_dim") not in (None, data["hidden_size"] // data["num_attention_heads"]):
        raise ValueError("of Llama's settings plain rope, silu, no biases and head_dim = hidden_size / num_attention_heads are known here")
    return {"vocab_size": data["vocab_size"], "d_model": data["hidden_size"], "n_heads": data["num_attention_heads"],
            "n_layers": data["num_hidden_layers"], "max_len": data["max_position_embeddings"], "d_hidden": data["intermediate_size"],
            "position": "rope", "rope_base": float(rope.get("rope_theta", 10_000.0)), "norm": "rms", "norm_eps": data.get("rms_norm_eps", 1e-6),
            "mlp": "swiglu", "n_kv_heads": data.get("num_key_value_heads"), "bias": False, "dropout": 0.0,
            "tie_weights": data.get("tie_word_embeddings", False)}


def to_llama(state, config):
    """{our name: array} of a GPT with these settings -> {Hugging Face name: array}, as LlamaForCausalLM reads them."""
    kv = config.n_kv_heads * config.d_head
    parted = _parted(state, ("q_proj", "k_proj", "v_proj"), (config.d_model, kv, kv))
    theirs = {_renamed(name, _LLAMA, back=True): array for name, array in parted.items()}
    return {name if name == "lm_head.weight" else "model." + name: array for name, array in theirs.items()}


def llama_config(config):
    """Our settings as the dictionary of Hugging Face's LlamaConfig. ValueError where Llama has no such thing."""
    if (config.position, config.norm, config.norm_first, config.mlp, config.qk_norm, config.token_shift, config.bias, config.dropout) != (
            "rope", "rms", True, "swiglu", False, False, False, 0.0):
        raise ValueError("Llama's layout holds rope, RMSNorm before each part, SwiGLU, no biases, no dropout, no qk_norm and no token_shift; "
                         f"this is {config}")
    return {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_act": "silu", "vocab_size": config.vocab_size,
            "max_position_embeddings": config.max_len, "hidden_size": config.d_model, "num_hidden_layers": config.n_layers,
            "num_attention_heads": config.n_heads, "num_key_value_heads": config.n_kv_heads, "intermediate_size": config.d_hidden,
            "rms_norm_eps": config.norm_eps, "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_base}, "attention_bias": False,
            "mlp_bias": False, "attention_dropout": 0.0, "tie_word_embeddings": config.tie_weights,
            "bos_token_id": config.vocab_size - 1, "eos_token_id": config.vocab_size - 1, **READ_AS}
