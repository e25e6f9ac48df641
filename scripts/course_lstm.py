"""course-lstm: document 003's SimpleLM (embedding, LSTM, linear layer), with course-gpt's tokenizer, on the same stories."""
import time

import torch
from bundling import DATA, HELD_OUT_SEED, WORK, rounded, snap_to_grid, write

import lmcourse as lm
from lmcourse.evaluation import excess_over_floor

STORIES, TRAIN_SEED = 60_000, 0
SIZES = {"d_embedding": 128, "d_hidden": 256, "n_layers": 2}            # the document's own
STEPS, SEED = 4_000, 0
SETTINGS = {"optimizer": "adamw", "lr": 3e-3}


def course_lstm(steps=STEPS, folder=DATA / "course-lstm"):
    began = time.process_time()
    corpus, held_out = lm.world.stories(STORIES, TRAIN_SEED), lm.world.stories(1_000, HELD_OUT_SEED)
    tokenizer = lm.load_tokenizer(DATA / "course-gpt")
    rows, held_rows = tokenizer.rows(corpus.texts), tokenizer.rows(held_out.texts)
    torch.manual_seed(SEED)
    model = lm.LSTMLanguageModel(len(tokenizer), **SIZES)
    few = lm.world.stories(60, HELD_OUT_SEED + 1)
    few_rows = tokenizer.rows(few.texts)

    def report(model):
        excess = excess_over_floor(model, few_rows, few)
        print(f"{time.process_time() - began:6.0f} s  {excess.mean:.4f} nats a token over the floor; copied last names "
              f"{excess.by_kind['copied last name']:.3f}", flush=True)
        return excess.mean

    WORK.mkdir(parents=True, exist_ok=True)
    history = lm.fit(model, lm.Batches(rows, 16, SEED), steps, evaluate=report, every=500, checkpoint=WORK / "course-lstm.ckpt", device="cpu", **SETTINGS)
    print("training took", round(history.seconds), "CPU-seconds")
    before = excess_over_floor(model, held_rows, held_out).mean
    snap_to_grid(model)
    after = excess_over_floor(model, held_rows, held_out)
    card = {"name": "course-lstm", "licence": "MIT", "data": f"lmcourse.world.stories({STORIES}, seed={TRAIN_SEED})",
            "seed": SEED, "steps": steps, **SETTINGS, "parameters": sum(p.numel() for p in model.parameters()),
            "floor": round(after.floor, 4), "held_out": f"stories(1000, seed={HELD_OUT_SEED})", "loss": round(after.loss, 4),
            "excess": round(after.mean, 4), "excess_before_rounding_to_8_bits": round(before, 4), "excess_by_kind": rounded(after.by_kind)}
    write(model, tokenizer, card, folder)
