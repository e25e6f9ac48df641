"""OneSentence, Python's side: the world's probabilities, the lens of its picture, and what is wrong with a trait."""
import base64
import re
from pathlib import Path

import pytest

import lmcourse as lm
from lmcourse.widgets import bundle
from lmcourse.widgets.one_sentence import TEXT, OneSentence

torch = pytest.importorskip("torch")
pytest.importorskip("anywidget")
ROOT = Path(__file__).resolve().parents[1]


def test_the_worlds_probabilities_follow_the_text():
    figure = OneSentence(world=lm.world.next_words)
    assert [word for word, _ in figure.exact] == ["<|endoftext|>", *re.findall(r"[.?:]|[^\s.?:]+", TEXT)]
    figure.text = "One morning Anna zebra"
    assert [word for word, _ in figure.exact] == ["<|endoftext|>", "One", "morning", "Anna"]
    for (_, kept), (_, exact) in zip(figure.exact, lm.world.next_words(figure.text)):
        assert kept == pytest.approx(exact, abs=1e-6)
    assert OneSentence().exact == []


@pytest.mark.parametrize("wrong, says", [
    ({"text": " "}, "text is empty"), ({"layer": 3}, "layer=3; this model has 3, counted from 0: 0 to 2"), ({"head": 4}, "head=4; this model has 4"),
    ({"channel": 128}, "channel=128; this model has 128"), ({"layer": -1}, "layer=-1; it is a whole number from 0 up"), ({"position": -2}, "position=-2")])
def test_what_is_wrong_is_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        OneSentence(**wrong)
    figure = OneSentence()
    before = figure.get_state(list(wrong))
    with pytest.raises(ValueError, match=says):
        figure.set_trait(*next(iter(wrong.items())))
    assert figure.get_state(list(wrong)) == before


def test_a_long_text_is_cut_with_a_message():
    with pytest.raises(ValueError, match="text is empty"):
        OneSentence(text="")
    with pytest.warns(UserWarning, match=r"the first \d+ fit"):
        figure = OneSentence(text="key " * 500)
    assert len(figure.source.tokenizer.encode(figure.text)) <= figure.source.max_tokens


def test_the_pictures_lens_ends_at_the_model():
    figure = OneSentence(position=14)
    probabilities, streams = figure.lens()
    ids = torch.tensor([[figure.source.tokenizer.end_id, *figure.source.tokenizer.encode(TEXT)]])
    record = lm.record(figure.source.model(), ids)
    assert torch.allclose(probabilities[-1], record.probabilities[0, 14], atol=1e-5) and torch.equal(streams[0], record.residual[0][0, 14])
    figure.position = 9999
    assert torch.allclose(figure.lens()[0][-1], record.probabilities[0, -1], atol=1e-5)


def test_repr_picture_and_the_description():
    figure, again = OneSentence(), OneSentence()
    assert repr(figure) == repr(again) and figure.code.split("@")[1][:8] in repr(figure)
    figure.layer = 2
    assert "layer 3" in figure.described
    data, _ = figure._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and len(data["image/png"]) < 80_000


def test_ways_are_widgets_or_chapters_and_have_their_chapters_names():
    """In JupyterLab the chapter's name stands as text: it must be the title that the book has, once the chapter is there."""
    words = (Path(bundle.HERE) / "js" / "words_one_sentence.js").read_text(encoding="utf8")
    names = dict(re.findall(r'(\w+): "([^"]+)"', words[words.index("chapters: {"):].split("}")[0]))
    assert set(names) == set(OneSentence.opens)
    titles = {path: re.match(r"# (.+)\\n", re.search(r'"(# .+?)"', path.read_text(encoding="utf8"))[1])[1].split(" · ")[0] for path in (ROOT / "chapters").rglob("*.ipynb")}
    checked = 0
    for part, candidates in OneSentence.opens.items():
        for each in candidates:
            assert each in bundle.widgets() or "/" in each, each
            where = [path for path in titles if f'"code": "{each}@' in path.read_text(encoding="utf8") or path == ROOT / "chapters" / f"{each}.ipynb"]
            if where:
                checked += 1
                assert names[part] in {titles[path] for path in where}, part
                break
    assert checked > 5
