"""The models that come with the package: their cards tell the truth, and the documents' own calls work on their folders, offline."""
import random
import socket

import pytest
import torch
import transformers as hf

import lmcourse as lm
from lmcourse.evaluation import excess_at_hidden, excess_over_floor
from lmcourse.models.checkpoints import checksum
from lmcourse.pretrained_models import BUNDLED, DATA

FRESH = 77_000                                          # stories that neither the training nor the cards have seen


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Whoever asks for an address is refused: nothing may come from a hub."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(socket.socket, "connect", lambda *arguments: pytest.fail("something asked the network"))


@pytest.fixture(scope="module")
def fresh():
    return lm.world.stories(120, FRESH)


def nearly(ours, theirs):
    assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max() and torch.equal(ours.argmax(-1), theirs.argmax(-1))


def test_every_folder_is_known_and_every_name_has_its_folder():
    assert sorted(BUNDLED) == sorted(path.parent.name for path in DATA.glob("*/model.safetensors"))


@pytest.mark.parametrize("name", BUNDLED)
def test_the_card_is_of_these_weights(name, fresh):
    model, tokenizer, card = lm.pretrained(name)
    assert card["sha256"] == checksum(DATA / name / "model.safetensors") and card["name"] == name
    assert {"licence", "data", "seed", "steps", "floor", "loss", "excess", "right" if name == "course-seq2seq" else "excess_by_kind", "held_out"} <= set(card)
    assert card["parameters"] == sum(p.numel() for p in model.parameters())
    assert card["excess"] == pytest.approx(card["loss"] - card["floor"], abs=2e-4)
    assert not model.training and all(p.dtype == torch.float32 for p in model.parameters())
    if name != "course-seq2seq":                                        # the world's word is one token
        assert all(len(tokenizer.encode(text)) == len(words) - 2 for text, words in zip(fresh.texts, fresh.tokens))


@pytest.mark.parametrize("name", ["course-gpt", "course-lstm"])
def test_loss_is_the_cards_on_fresh_stories(name, fresh):
    model, tokenizer, card = lm.pretrained(name)
    found = excess_over_floor(model, tokenizer.rows(fresh.texts), fresh)
    assert abs(found.mean - card["excess"]) < 0.1 * card["excess"] + 0.01
    assert abs(found.by_kind["copied last name"] - card["excess_by_kind"]["copied last name"]) < 0.3


def test_the_lstm_learns_the_grammar_and_not_to_copy(fresh):
    """What stands in its state of fixed size: which words may come, not which name was said."""
    gpt, lstm = (lm.pretrained(name) for name in ("course-gpt", "course-lstm"))
    rows = gpt.tokenizer.rows(fresh.texts)
    assert rows == lstm.tokenizer.rows(fresh.texts)
    gpt, lstm = (excess_over_floor(found.model, rows, fresh).by_kind for found in (gpt, lstm))
    assert lstm["fixed word"] < 0.05 and lstm["copied last name"] > 10 * max(gpt["copied last name"], 0.05)


def test_berts_loss_is_the_cards_on_fresh_words(fresh):
    model, tokenizer, card = lm.pretrained("course-bert")
    places = lm.world.hidden_places(fresh, 4, seed=random.randrange(10**6))
    found = excess_at_hidden(model, tokenizer.rows(fresh.texts), fresh, places, tokenizer.mask_id)
    assert abs(found.mean - card["excess"]) < 0.06
    assert found.mean > -0.03                                           # nobody beats the optimum but by luck


def test_bert_uses_both_sides(fresh):
    """With the right side replaced by other words of the world, the same words cost more: a model of the left alone would not notice."""
    model, tokenizer, _ = lm.pretrained("course-bert")
    rng, whole, cut = random.Random(1), 0.0, 0.0
    for row in tokenizer.rows(fresh.texts[:60]):
        at = rng.randrange(5, len(row) - 6)
        hidden = [*row[:at], tokenizer.mask_id, *row[at + 1:]]
        other = [*hidden[:at + 1], *rng.sample(hidden[at + 1:-1], len(hidden) - at - 2), hidden[-1]]
        with torch.no_grad():
            whole, cut = (total - model(torch.tensor([ids]))[0, at].log_softmax(-1)[row[at]].item() / 60 for total, ids in ((whole, hidden), (cut, other)))
    assert cut > whole + 0.3


def test_the_translator_is_the_cards_on_fresh_sentences():
    """Near the optimum, nearly all translations among the correct ones, and the source matters: with another sentence's source they are not."""
    model, tokenizer, card = lm.pretrained("course-seq2seq")
    end = tokenizer.end_id
    for split in ("test", "compositional"):
        task = lm.world.translations(60, FRESH, split)
        sources = [tokenizer.encode(source) for source, _ in task.pairs]
        total = 0.0
        for source, (_, target) in zip(sources, task.pairs):
            ids = torch.tensor([[end, *tokenizer.encode(target), end]])
            with torch.no_grad():
                total -= model((torch.tensor([source]), ids[:, :-1]))[0].log_softmax(-1).gather(1, ids[0, 1:, None]).sum().item()
        excess = (total + sum(task.log_probs)) / len(task)
        assert -0.02 < excess < card["excess"] + 0.15
        written = [[tokenizer.tokens[i] for i in row if i != end] for row in lm.generate(model, sources, 31, stop=end)]
        right = [text in [answer.split() for answer in answers] for text, answers in zip(written, task.answers)]
        other = [text in [answer.split() for answer in answers] for text, answers in zip(written[1:], task.answers)]
        assert sum(right) / len(task) > card["right"][split] - 0.05 and sum(other) < 3


# --- the documents' own calls -----------------------------------------------------------------------------------------------

def test_gpt2s_classes_read_course_gpt(fresh):
    """Documents 001 and 002: GPT2Tokenizer, GPT2LMHeadModel, generate."""
    folder = str(DATA / "course-gpt")
    tokenizer, model = hf.GPT2Tokenizer.from_pretrained(folder), hf.GPT2LMHeadModel.from_pretrained(folder)
    own, words, _ = lm.pretrained("course-gpt")
    for text in [*fresh.texts[:20], "我喜欢在晴朗的日子里骑自行车", "Once upon a time"]:
        ids = tokenizer(text, return_tensors="pt").input_ids
        assert ids[0].tolist() == words.encode(text) and words.decode(ids[0]) == text
        with torch.no_grad():
            nearly(own(ids), model(ids).logits)
    prompt = "Anna Bell had"
    theirs = model.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=12, do_sample=False, pad_token_id=tokenizer.eos_token_id)
    assert torch.equal(theirs, lm.generate(own, torch.tensor([words.encode(prompt)]), 12)[:, :theirs.shape[1]])
    assert tokenizer.decode(theirs[0], skip_special_tokens=True).strip().startswith(prompt)


def test_berts_classes_read_course_bert(fresh):
    """Documents 000 and 004: BertTokenizer, BertModel, BertForMaskedLM, BertForSequenceClassification."""
    folder = str(DATA / "course-bert")
    tokenizer, model = hf.BertTokenizer.from_pretrained(folder), hf.BertForMaskedLM.from_pretrained(folder)
    own, words, _ = lm.pretrained("course-bert")
    features, classes = hf.BertModel.from_pretrained(folder), hf.BertForSequenceClassification.from_pretrained(folder, num_labels=3)
    for text in [*fresh.texts[:20], "Hello, my dog is cute", "Anna Bell had a red [MASK]."]:
        inputs = tokenizer(text, return_tensors="pt")
        assert inputs.input_ids[0].tolist() == words.rows([text])[0]
        with torch.no_grad():
            nearly(own(inputs.input_ids), model(**inputs).logits)
            assert features(**inputs).last_hidden_state.shape == (*inputs.input_ids.shape, own.config.d_model)
            assert classes(**inputs).logits.shape == (1, 3)
    batch = tokenizer(fresh.texts[:4], padding=True, return_tensors="pt")
    with torch.no_grad():
        real = batch.attention_mask.bool()
        nearly(own(batch.input_ids)[real], model(**batch).logits[real])
