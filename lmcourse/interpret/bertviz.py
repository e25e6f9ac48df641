"""bertviz's head view (Vig, 2019) of a Hugging Face model, in a form that a notebook can store.

bertviz draws; this file gives it a fixed id, numbers that are the same on every machine, words for those who do not
see the picture, and scripts that load on demand (bertviz_host.js, in bertviz.html), so that the stored output is alive in a
static page, in JupyterLab and on Colab. No torch until a view is made.
"""
from __future__ import annotations

import copy
import hashlib
import html
import itertools
import json
import re
from pathlib import Path
from string import Template

from ..versions import library

HERE = Path(__file__).parent
BERTVIZ = "bertviz==1.4.1"
# The one address in a stored view. The book's build puts its local copy in its place.
D3 = "https://cdnjs.cloudflare.com/ajax/libs/d3/5.16.0/d3.min.js"
LONGEST = 64  # tokens: 64 x 64 weights a head are 0.1 MB a layer of 12 heads

WORDS = {
    "label": "Attention drawn as lines from each word (left) to the words it looks at (right)",
    "head": "Head", "tokens": "Words that look; use the arrow keys", "layer": "Layer",
    "hint": "The squares are the heads: a click (or Space) switches one on or off, a double click (or Shift and Space) "
            "shows it alone. Point at a word, or walk through the words with the arrow keys, to see where it looks.",
    "failed": "The drawing needs d3, which could not be loaded here. What it would show, in words:",
    "one": "Strongest looks of layer {layer}, head {head}: {edges}.",
    "many": "Strongest looks of layer {layer}, mean of {count} heads: {edges}.",
    "rest": "{share} of the attention rests on the marks {marks}.",
}
_count = itertools.count(1)  # views of this process, so that ids are the same whenever a notebook runs from the top


def head_view(model, tokenizer, text, layer=None, heads=None, words=None):
    """bertviz's head view of one sentence, or of a pair (first, second), as an IPython HTML object.

    model: a transformers model (one stack) loaded with attn_implementation="eager"; it is copied, and left as it is.
    text: str, or a pair of str; at most 64 tokens.
    layer: which layers are put in, from 0: an int, a sequence (the first is shown first), or None for all.
    heads: which heads are switched on at first, from 0: an int, a sequence, or None for all.
    words: a dict that replaces some of WORDS (translations).

    The attention is computed in float64 and rounded to three decimals: two machines then store the same output.
    TypeError or ValueError for other arguments, ImportError with the line to install if bertviz is missing.

    Source: Vig (2019), A Multiscale Visualization of Attention in the Transformer Model.
    """
    draw = library("bertviz", "the head view", BERTVIZ).head_view
    words = {**WORDS, **(words or {})}
    tokens, second, special, attention = _attention(model, tokenizer, text)  # attention: a list of (1, H, T, T)
    layers = _indices(layer, len(attention), "layer")
    shown_heads = _indices(heads, attention[0].shape[1], "heads")
    emitted = draw(attention, tokens, sentence_b_start=second, layer=layers[0], include_layers=sorted(layers),
                   heads=None if heads is None else shown_heads, html_action="return").data
    sentence = _in_words(attention[layers[0]][0, shown_heads], tokens, special, layers[0], shown_heads, words)
    return _display(emitted, sentence, words)


def _attention(model, tokenizer, text):
    """(tokens, where the second sentence starts or None, positions of special marks, [(1, H, T, T)] in float64)."""
    import torch

    if not (hasattr(model, "config") and hasattr(tokenizer, "convert_ids_to_tokens")):
        raise TypeError("head_view shows models of transformers with their tokenizer; "
                        "for the course's own models use lm.widgets.AttentionExplorer")
    sentences = (text,) if isinstance(text, str) else tuple(text) if isinstance(text, (tuple, list)) else ()
    if len(sentences) not in (1, 2) or not all(isinstance(sentence, str) for sentence in sentences):
        raise TypeError(f"text must be one str or a pair of them, not {text!r}")
    if not all(sentence.strip() for sentence in sentences):
        raise ValueError("text is empty: give at least one word")
    inputs = tokenizer(*sentences, return_tensors="pt")
    ids = inputs["input_ids"][0].tolist()
    if len(ids) > LONGEST:
        raise ValueError(f"the text has {len(ids)} tokens; a head view of more than {LONGEST} cannot be read "
                         "and makes the notebook heavy: shorten it")
    exact = copy.deepcopy(model).double().eval().cpu()  # float64: rounding differences stay far below three decimals
    with torch.no_grad():
        attention = getattr(exact(**inputs.to("cpu"), output_attentions=True), "attentions", None)
    if not attention or attention[0] is None:
        raise ValueError("the model returned no attention weights: load it with "
                         "from_pretrained(..., attn_implementation='eager')")
    second = inputs.sequence_ids(0).index(1) if len(sentences) == 2 else None
    special = [i for i, token in enumerate(ids) if token in tokenizer.all_special_ids]
    return tokenizer.convert_ids_to_tokens(ids), second, special, list(attention)


def _indices(which, count: int, what: str) -> list[int]:
    if which is None:
        return list(range(count))
    asked = [which] if isinstance(which, int) else list(which)
    if not asked:
        raise ValueError(f"{what} is empty: give at least one number from 0 to {count - 1}, or None for all")
    for i in asked:
        if not isinstance(i, int) or isinstance(i, bool) or not 0 <= i < count:
            raise ValueError(f"{what}={i!r}: the model has {count}, counted from 0 to {count - 1}")
    return asked


def _in_words(attention, tokens, special, layer, heads, words) -> str:
    """The strongest looks between words, and how much rests on marks such as [CLS]. attention: (heads, T, T)."""
    mean = attention.mean(0)  # (T, T)
    ordinary = [i for i in range(len(tokens)) if i not in special] or list(range(len(tokens)))
    looks = sorted((-round(mean[i, j].item(), 2), i, j) for i in ordinary for j in ordinary)[:5]
    edges = "; ".join(f"“{tokens[i]}” → “{tokens[j]}” {-weight:.2f}" for weight, i, j in looks)
    said = words["one" if len(heads) == 1 else "many"].format(layer=layer + 1, head=heads[0] + 1, count=len(heads), edges=edges)
    if special and len(ordinary) < len(tokens):
        share = mean[:, special].sum(1).mean().item()
        marks = ", ".join(dict.fromkeys(tokens[i] for i in special))
        said += " " + words["rest"].format(share=f"{share:.2f}", marks=marks)
    return said


def _display(emitted: str, sentence: str, words: dict):
    """bertviz's output, taken apart and put together again without require.js, jQuery and the random id."""
    from IPython.display import HTML

    frame = re.search(r'<div id="bertviz-[0-9a-f]+".*?</div>\s*</div>', emitted, re.S)
    script = re.search(r"requirejs\(\['jquery', 'd3'\], function \(\$, d3\) \{\s*const params = (.*?);[^\n]*\n(.*)\}\);\s*</script>",
                       emitted, re.S)
    if not (frame and script):
        raise ImportError("this version of bertviz writes another script than the one known here. Install:\n"
                          f"    pip install {BERTVIZ}")
    params = json.loads(script[1])
    for part in params["attention"]:
        part["attn"] = _per_mille(part["attn"])
    params["root_div_id"] = ""  # set when it is drawn
    packed = json.dumps(params, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c")  # no "</script>" inside
    name = f"lm-bertviz-{next(_count)}-{hashlib.sha256(packed.encode()).hexdigest()[:8]}"

    root = re.sub(r'<div id="bertviz-[0-9a-f]+"', '<div class="lm-bertviz-root"', frame[0])
    root = root.replace('Layer: <select id="layer"></select>', f'<label>{words["layer"]}: <select id="layer"></select></label>')
    root = re.sub(r'Attention: (<select id="filter">.*?</select>)', r"<label>Attention: \1</label>", root, flags=re.S)
    drawing = script[2].replace("BOXHEIGHT = 22.5", "BOXHEIGHT = 24").replace("CHECKBOX_SIZE = 20", "CHECKBOX_SIZE = 24")
    host = HERE.joinpath("bertviz_host.js").read_text(encoding="utf-8")
    for mark, value in (("LMCOURSE_BERTVIZ", drawing), ("LMCOURSE_ID", json.dumps(name)), ("LMCOURSE_PARAMS", packed)):
        host = host.replace(mark, value, 1)  # the reader's text last: it may contain anything
    said = {key: html.escape(words[key]) for key in ("label", "head", "tokens", "failed", "hint")}
    page = Template(HERE.joinpath("bertviz.html").read_text(encoding="utf-8").rstrip("\n"))
    return HTML(page.substitute(said, name=name, d3=D3, root=root, sentence=html.escape(sentence), host=host))


def _per_mille(x):
    """Attention weights as whole thousandths, in nested lists: a quarter of the size, and equal on every machine."""
    return [_per_mille(part) for part in x] if isinstance(x, list) else round(x * 1000)
