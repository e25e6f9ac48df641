"""course-bert: BERT's architecture, masked words, WordPiece, on the story world alone. Run by scripts/checkpoints.py."""
import random
import shutil
import time
from collections import defaultdict

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

import lmcourse as lm
from lmcourse.models.checkpoints import checksum
from lmcourse.pretrained_models import DATA
from lmcourse.tokenizers_wordpiece import SPECIAL

STORIES, TRAIN_SEED, HELD_OUT_SEED = 40_000, 0, 1_000_000
SIZES = {"n_layers": 3, "d_model": 128, "n_heads": 4, "d_hidden": 256, "max_len": 160, "mlp": "gelu_tanh"}
STEPS, SEED = 6_000, 0
SETTINGS = {"optimizer": "muon", "lr": 3e-3, "muon_lr": 0.02}
RATE = 0.15


def wordpieces(texts):
    """A WordPieceTokenizer in whose vocabulary each word of the texts is one token, and other English falls into letters."""
    trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trained.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=2_000, min_frequency=1, show_progress=False))
    vocabulary = trained.get_vocab()
    letters = [chr(i) for i in range(33, 127)]
    inside = [f"##{letter}" for letter in letters if letter.isalnum()]
    return lm.WordPieceTokenizer(dict.fromkeys([*SPECIAL, *letters, *inside, *sorted(vocabulary, key=vocabulary.get)]))


def places(corpus, each, seed):
    """[(story, place)]: `each` words of every story, drawn at random."""
    rng = random.Random(seed)
    return [(n, at) for n, words in enumerate(corpus.tokens) for at in rng.sample(range(1, len(words) - 1), each)]


@torch.no_grad()
def excess_at(model, tokenizer, corpus, where):
    """(loss, optimum, excess by kind): nats a hidden word, one hidden at a time, against the exact optimum from both sides."""
    model.eval()
    own, best, by_kind = 0.0, 0.0, defaultdict(list)
    for n, at in where:
        words = corpus.tokens[n]
        row = tokenizer.rows([corpus.texts[n]])[0]
        assert len(row) == len(words)
        hidden = [*row[:at], tokenizer.mask_id, *row[at + 1:]]
        loss = -model(torch.tensor([hidden]))[0, at].log_softmax(-1)[row[at]].item()
        floor = -torch.tensor(lm.world.hidden_word(words, at)[words[at]]).log().item()
        own, best = own + loss, best + floor
        by_kind[corpus.kinds[n][at]].append(loss - floor)
    order = sorted(by_kind, key=lambda kind: -sum(by_kind[kind]))
    return own / len(where), best / len(where), {kind: sum(by_kind[kind]) / len(by_kind[kind]) for kind in order}


def course_bert(work, snap_to_grid, steps=STEPS, folder=DATA / "course-bert"):
    began = time.process_time()
    corpus, held_out = lm.world.stories(STORIES, TRAIN_SEED), lm.world.stories(400, HELD_OUT_SEED)
    tokenizer = wordpieces(corpus.texts[:4_000])
    torch.manual_seed(SEED)
    model = lm.BERT(lm.bert_config(len(tokenizer), **SIZES))
    few = places(held_out, 1, seed=1)

    def report(model):
        loss, best, by_kind = excess_at(model, tokenizer, held_out, few)
        print(f"{time.process_time() - began:6.0f} s  {loss:.4f} nats a hidden word, optimum {best:.4f};",
              ", ".join(f"{kind} {value:.2f}" for kind, value in list(by_kind.items())[:5]), flush=True)
        return loss - best

    work.mkdir(parents=True, exist_ok=True)
    batches = lm.MaskedBatches(tokenizer.rows(corpus.texts), tokenizer, 16, SEED, RATE)
    history = lm.fit(model, batches, steps, evaluate=report, every=500, checkpoint=work / "course-bert.ckpt", device="cpu", **SETTINGS)
    print("training took", round(history.seconds), "CPU-seconds")
    many = places(held_out, 4, seed=2)
    before, best, _ = excess_at(model, tokenizer, held_out, many)
    snap_to_grid(model)
    loss, best, by_kind = excess_at(model, tokenizer, held_out, many)
    card = {"name": "course-bert", "licence": "MIT", "data": f"lmcourse.world.stories({STORIES}, seed={TRAIN_SEED})",
            "objective": f"masked words: {RATE:.0%} of a story, of these 80 % [MASK], 10 % a random token, 10 % as they are",
            "seed": SEED, "steps": steps, **SETTINGS, "parameters": model.count_parameters(),
            "held_out": f"{len(many)} words of stories(400, seed={HELD_OUT_SEED}), one hidden at a time", "loss": round(loss, 4),
            "optimum": round(best, 4), "excess": round(loss - best, 4), "excess_before_rounding_to_8_bits": round(before - best, 4),
            "excess_by_kind": {kind: round(value, 4) for kind, value in by_kind.items()}}
    shutil.rmtree(folder, ignore_errors=True)
    lm.save(model, folder, tokenizer, card, dtype=torch.float16)
    again = lm.load(folder)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values()))
    print(f"{folder}: excess {card['excess']} nats a hidden word, sha256 {checksum(folder / 'model.safetensors')[:12]}")
