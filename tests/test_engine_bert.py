"""The page's BERT against PyTorch and its WordPiece against two others: small random models, and MiniLM's real files."""
import dataclasses
import importlib.util
import json
import random
import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from node import TOLERANCE, floats, snapped

import lmcourse as lm
from lmcourse.models.bert import BERT, bert_config
from lmcourse.packaged import MINILM, minilm_folder
from lmcourse.tokenizers_wordpiece import SPECIAL, WordPieceTokenizer
from lmcourse.widgets.weights import pack, pack_folder, pack_minilm

needs_weights = pytest.mark.skipif(importlib.util.find_spec(MINILM.module) is None, reason="MiniLM's weights are not installed: make weights")
WORDS = [*SPECIAL, *"abcdefghijklmnopqrstuvwxyz.,'", *("##" + letter for letter in "abcdefghijklmnopqrstuvwxyz"), "the", "##ing", "key", "你", "Key"]
CONFIGS = [{}, {"mlp": "gelu_tanh"}, {"n_layers": 1, "n_heads": 1, "d_model": 20, "max_len": 33, "d_hidden": 36}, {"n_types": 0, "norm_eps": 1e-5},
           {"n_heads": 8, "d_model": 64, "d_hidden": 100, "n_layers": 2}]
TEXTS = ["The naïve café's owner re-read “Żółć”, didn't he?", "İstanbul ΣΟΦΟΣ straße ﬁne", "她有一把红色的钥匙。ok", "emoji 🎉🧠👩‍👩‍👧‍👦 between", "a" * 101 + " " + "b" * 100,
         "unhappiest electroencephalography microfossils", "tabs\tand\nlines\r  \u3000and\u00a0spaces\u2028x", "\x00\x07\ufffd\u200b\ufeff\u00adx", "½ Ⅷ ² $5+3=8 ^`~|<>",
         "한국어 אבג العربية हिन्दी ไทย", "e\u0301\u0323 a\u200d\u0301", "a[MASK]b [MASK]", "[CLS", "豈 更 车"]


def difference(answer, seen, T, H, logits=True):
    """The largest difference of all hidden states, attention weights and logits."""
    d = seen.residual[0].shape[2]
    pairs = [(floats(text, T, d), x[0]) for text, x in zip(answer["residual"], seen.residual, strict=True)]
    pairs += [(floats(text, H, T, T), w[0]) for text, w in zip(answer["attention"], seen.attention, strict=True)]
    if logits:
        pairs.append((floats(answer["logits"], T, -1), seen.logits[0]))
    else:
        assert answer["logits"] is None
    return max(float(np.abs(ours - theirs.numpy()).max()) for ours, theirs in pairs)


@pytest.mark.parametrize("wasm", [True, False], ids=["wasm", "javascript"])
@pytest.mark.parametrize("head", ["masked", None])
@pytest.mark.parametrize("change", CONFIGS, ids=str)
def test_equals_torch(change, head, wasm, node, tmp_path):
    config = bert_config(len(WORDS), **{"d_model": 32, "n_heads": 4, "n_layers": 3, "max_len": 40, **change})
    model = snapped(BERT(config, head))
    (tmp_path / "packed").write_bytes(pack(dataclasses.asdict(config), {n: t.numpy() for n, t in model.state_dict().items()},
                                           WordPieceTokenizer(WORDS)._to_json()))
    assert node(bert=str(tmp_path / "packed"), wasm=wasm)["kernel"] == ("wasm" if wasm else "javascript")
    draw = random.Random(str(change))
    for pads in (0, 1, 5):
        for options in ({}, {"positions": False}, {"temperature": draw.uniform(0.3, 3)}, {"headsOff": [[0, 0]]}, {"temperature": 1.7, "headsOff": [[config.n_layers - 1, 0]]}):
            ids = [draw.randrange(1, len(WORDS)) for _ in range(draw.randint(1, config.max_len - pads))]
            for _ in range(pads):
                ids.insert(draw.randint(0, len(ids)), config.pad_id)
            with lm.ablate(model, heads=[tuple(pair) for pair in options.get("headsOff", ())], positions=not options.get("positions", True)):
                seen = lm.record(model, torch.tensor([ids]), causal=False, temperature=options.get("temperature", 1.0))
            assert difference(node(encoder=ids, options=options), seen, len(ids), config.n_heads, head == "masked") < TOLERANCE


def test_from_hugging_faces_folder(node, tmp_path):
    """What lmcourse writes of a BERT, read by transformers and by the page."""
    from transformers import BertForMaskedLM
    folder = tmp_path / "small-bert"
    lm.save(snapped(BERT(bert_config(len(WORDS), d_model=24, n_heads=2, n_layers=2, max_len=16))), folder, WordPieceTokenizer(WORDS), dtype=torch.float16)
    name, packed = pack_folder(folder)
    (tmp_path / "packed").write_bytes(packed)
    node(bert=str(tmp_path / "packed"), wasm=True)
    theirs = BertForMaskedLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = random.choices(range(1, len(WORDS)), k=16)
    with torch.no_grad():
        out = theirs(torch.tensor([ids]), output_attentions=True)
    answer = node(encoder=ids, options={})
    assert name.startswith("small-bert@sha256:")
    assert np.abs(floats(answer["logits"], 16, len(WORDS)) - out.logits[0].numpy()).max() < TOLERANCE
    assert all(np.abs(floats(a, 2, 16, 16) - b[0].numpy()).max() < TOLERANCE for a, b in zip(answer["attention"], out.attentions, strict=True))


def test_what_cannot_be_run_is_said(node, tmp_path):
    config = bert_config(len(WORDS), d_model=16, n_heads=2, n_layers=1, max_len=8)
    tensors = {n: t.numpy() for n, t in snapped(BERT(config)).state_dict().items()}
    words = WordPieceTokenizer(WORDS)._to_json()

    def load(change=(), tensors=tensors, words=words):
        (tmp_path / "packed").write_bytes(pack({**dataclasses.asdict(config), **dict(change)}, tensors, words))
        node(bert=str(tmp_path / "packed"), wasm=True)

    load()
    for ids, options, message in [([], {}, "no token to run"), ([1] * 9, {}, "at most 8"), ([0, 0], {}, "every token is padding"), ([len(WORDS)], {}, "not the id"),
                                  ([1], {"temperature": 0}, "above 0"), ([1], {"headsOff": [[1, 0]]}, "no layer 1"), ([1], {"edges": []}, "unknown option")]:
        with pytest.raises(RuntimeError, match=message):
            node(encoder=ids, options=options)
    for change, message in [({"mlp": "swiglu"}, "does not compute mlp"), ({"norm_first": True}, "norm_first=true"), ({"n_heads": 8}, "multiples of 4"),
                            ({"n_layers": 2}, "no tensor blocks.1"), ({"d_hidden": 32}, "has shape")]:
        with pytest.raises(RuntimeError, match=message):
            load(change.items())
    with pytest.raises(RuntimeError, match="no tensor head.norm.weight"):
        load(tensors={n: t for n, t in tensors.items() if not n.startswith("head.norm")})


# --- the tokenizer --------------------------------------------------------------------------------------------------------

def encode(node, texts):
    return [[i for word in words for i in word["ids"]] for words in node(words=texts)["words"]]


@pytest.fixture(scope="module", params=["small, cased", "MiniLM, uncased"])
def three(request, node, tmp_path_factory):
    """(the page, lmcourse's, Hugging Face's), from one tokenizer.json."""
    from transformers import BertTokenizerFast
    if request.param == "small, cased":
        folder = WordPieceTokenizer(WORDS).save(tmp_path_factory.mktemp("words"))
        ours = WordPieceTokenizer(WORDS)
    elif importlib.util.find_spec(MINILM.module) is None:
        pytest.skip("MiniLM's weights are not installed: make weights")
    else:
        folder = minilm_folder()
        ours = WordPieceTokenizer((folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n"), lowercase=True)
    node(wordpiece=json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")))
    return node, ours, BertTokenizerFast.from_pretrained(folder)


def agree(three, texts):
    node, ours, theirs = three
    expected = theirs(texts, add_special_tokens=False, truncation=False, padding=False)["input_ids"]
    assert [ours.encode(text) for text in texts] == expected
    assert encode(node, texts) == expected


def test_tokenizers_agree_on_what_is_hard(three):
    agree(three, TEXTS)


def stable(c, old=unicodedata.ucd_3_2_0.category):
    """Hugging Face's tables of marks, punctuation and format characters are of Unicode 8: younger ones are letters there."""
    now = unicodedata.category(c)
    return now not in ("Cn", "Cs") and (old(c) == now or old(c) == "Cn" and not now.startswith("P") and now not in ("Mn", "Cf"))


LETTERS = st.characters(exclude_categories=["Cs", "Cn"]).filter(stable)


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(LETTERS, max_size=60), st.text(st.sampled_from("aAeÉzß'.- 你\u0301İΣς🎉#[]"), max_size=60), st.lists(st.sampled_from(TEXTS)).map(" ".join)))
def test_tokenizers_agree_on_drawn_texts(three, text):
    if not any(token in text for token in SPECIAL if token != "[MASK]"):
        agree(three, [text])


def test_every_character_is_cut_alike(three):
    """Each character of Unicode between letters: what is space, mark, noise or a letter."""
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and (c < 0x3400 or c % 61 == 0 or 0x1F000 <= c < 0x1FB00)]
    characters = list(filter(stable, characters))
    agree(three, ["".join(f" the{c}the" for c in characters[i:i + 64]) for i in range(0, len(characters), 64)])


def test_spans_are_where_the_words_stand(three):
    node = three[0]
    for text, words in zip(TEXTS, node(words=TEXTS)["words"], strict=True):
        units = text.encode("utf-16-le")
        at = 0
        for word in words:
            assert at <= word["start"] < word["end"] <= len(units) // 2
            own = units[2 * word["start"]:2 * word["end"]].decode("utf-16-le")
            bare = lambda x: "".join(c.lower() for c in unicodedata.normalize("NFD", x) if unicodedata.category(c) not in ("Mn", "Cf", "Cc"))  # noqa: E731
            assert bare(own) == bare(word["text"])
            at = word["end"]


# --- MiniLM ---------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def minilm(node, tmp_path_factory):
    """(node with MiniLM loaded, the same numbers in transformers' BertModel, its float32 model, tokenizer)."""
    from dequantised import minilm_as_packed
    packed = pack_minilm(minilm_folder())
    path = tmp_path_factory.mktemp("minilm") / "packed"
    path.write_bytes(packed)
    node(bert=str(path), wasm=True)
    exact, tokenizer, _ = lm.pretrained("minilm")
    return node, minilm_as_packed(packed), exact, tokenizer


@needs_weights
def test_minilm_equals_transformers_on_the_same_numbers(minilm):
    node, same, exact, tokenizer = minilm
    seed = random.randrange(10**9)
    rng = random.Random(seed)
    words = "the a old doctor teacher saw painted green river because she it was hungry near London unbelievably 42 , .".split()
    worst, off = 0.0, []
    for _ in range(5):
        text = " ".join(rng.choices(words, k=rng.randint(1, 40)))
        ids = tokenizer(text, return_tensors="pt", truncation=False)
        assert encode(node, [text])[0] == ids["input_ids"][0].tolist()[1:-1]
        T = ids["input_ids"].shape[1]
        with torch.no_grad():
            theirs, float32 = (model(**ids, output_attentions=True, output_hidden_states=True) for model in (same, exact))
        answer = node(encoder=ids["input_ids"][0].tolist(), options={})
        for a, b, c in zip(answer["attention"], theirs.attentions, float32.attentions, strict=True):
            worst = max(worst, float(np.abs(floats(a, 12, T, T) - b[0].numpy()).max()))
            off.append(np.abs(floats(a, 12, T, T) - c[0].numpy()).ravel())
        worst = max(worst, *(float(np.abs(floats(a, T, 384) - b[0].numpy()).max()) for a, b in zip(answer["residual"], theirs.hidden_states, strict=True)))
    off = np.concatenate(off)
    print(f"seed {seed}: largest difference {worst:.1e}; against float32: mean {off.mean():.1e}, max {off.max():.2f}")
    assert worst < TOLERANCE
    assert off.mean() < 5e-3
