"""course-bert: BERT's architecture, masked words, WordPiece, on the story world alone. Run by scripts/checkpoints.py."""
import time

import torch
from bundling import DATA, HELD_OUT_SEED, WORK, rounded, snap_to_grid, write
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

import lmcourse as lm
from lmcourse.evaluation import excess_at_hidden
from lmcourse.models.positions import sinusoids
from lmcourse.tokenizers_wordpiece import SPECIAL

STORIES, TRAIN_SEED = 40_000, 0
SIZES = {"n_layers": 3, "d_model": 128, "n_heads": 4, "d_hidden": 256, "max_len": 160, "mlp": "gelu_tanh"}
STEPS, SEED = 5_000, 0
SETTINGS = {"optimizer": "muon", "lr": 3e-3, "muon_lr": 0.01}
RATE = 0.15
WAVES = 0.05                                            # of the size of a token's vector


def wordpieces(texts):
    """A WordPieceTokenizer in whose vocabulary each word of the texts is one token, and other English falls into letters."""
    trained = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    trained.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trained.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=2_000, min_frequency=1, show_progress=False))
    vocabulary = trained.get_vocab()
    letters = [chr(i) for i in range(33, 127)]
    inside = [f"##{letter}" for letter in letters if letter.isalnum()]
    return lm.WordPieceTokenizer(dict.fromkeys([*SPECIAL, *letters, *inside, *sorted(vocabulary, key=vocabulary.get)]))


def course_bert(steps=STEPS, folder=DATA / "course-bert"):
    began = time.process_time()
    corpus, held_out = lm.world.stories(STORIES, TRAIN_SEED), lm.world.stories(400, HELD_OUT_SEED)
    tokenizer = wordpieces(corpus.texts[:4_000])
    torch.manual_seed(SEED)
    model = lm.BERT(lm.bert_config(len(tokenizer), **SIZES))
    # A start that tells near from far helps: after 750 of 1,000 steps 0.63 nats over the optimum, with random positions 1.06 (one seed).
    model.position_embedding.weight.data = WAVES * sinusoids(SIZES["max_len"], SIZES["d_model"])
    few, rows = lm.world.hidden_places(held_out, 1, seed=1), tokenizer.rows(held_out.texts)

    def report(model):
        excess = excess_at_hidden(model, rows, held_out, few, tokenizer.mask_id)
        print(f"{time.process_time() - began:6.0f} s  {excess.mean:.4f} nats a hidden word over the optimum;",
              ", ".join(f"{kind} {value:.2f}" for kind, value in list(excess.by_kind.items())[:5]), flush=True)
        return excess.mean

    WORK.mkdir(parents=True, exist_ok=True)
    batches = lm.MaskedBatches(tokenizer.rows(corpus.texts), tokenizer, 16, SEED, RATE)
    history = lm.fit(model, batches, steps, evaluate=report, every=500, checkpoint=WORK / "course-bert.ckpt", device="cpu", **SETTINGS)
    print("training took", round(history.seconds), "CPU-seconds")
    many = lm.world.hidden_places(held_out, 10, seed=2)
    before = excess_at_hidden(model, rows, held_out, many, tokenizer.mask_id).mean
    snap_to_grid(model)
    after = excess_at_hidden(model, rows, held_out, many, tokenizer.mask_id)
    card = {"name": "course-bert", "licence": "MIT", "data": f"lmcourse.world.stories({STORIES}, seed={TRAIN_SEED})",
            "objective": f"masked words: {RATE:.0%} of a story, of these 80 % [MASK], 10 % a random token, 10 % as they are",
            "positions": f"learned, beginning as {WAVES} times sinusoids", "seed": SEED, "steps": steps, **SETTINGS, "parameters": model.count_parameters(),
            "floor": round(after.floor, 4), "held_out": f"{len(many)} words of stories(400, seed={HELD_OUT_SEED}), one hidden at a time",
            "loss": round(after.loss, 4), "excess": round(after.mean, 4), "excess_before_rounding_to_8_bits": round(before, 4),
            "excess_by_kind": rounded(after.by_kind)}
    write(model, tokenizer, card, folder)
