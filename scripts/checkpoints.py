"""make checkpoints: trains the bundled models from nothing and writes them, with their cards, into the package's data.

usage: checkpoints.py [--only course-bert]       (make checkpoints ONLY=course-bert)

Deterministic on one kind of machine (one thread); a run that breaks off goes on from its last checkpoint. The stored
files are frozen by their SHA-256: training again elsewhere gives a model as good, not the same bits.
"""
import argparse
import time

import torch
from bundling import DATA, HELD_OUT_SEED, WORK, rounded, snap_to_grid, write
from course_bert import course_bert
from course_lstm import course_lstm
from course_seq2seq import course_seq2seq

import lmcourse as lm
from lmcourse.evaluation import excess_over_floor

STORIES, TRAIN_SEED = 60_000, 0
SIZES = {"n_layers": 3, "d_model": 128, "n_heads": 4, "d_hidden": 256, "max_len": 160}
STEPS, SEED = 10_000, 0
SETTINGS = {"optimizer": "muon", "lr": 3e-3, "muon_lr": 0.02}


def course_gpt(steps=STEPS, folder=DATA / "course-gpt"):
    """GPT-2's architecture and byte-level BPE, on the story world alone."""
    began = time.process_time()
    corpus, held_out = lm.world.stories(STORIES, TRAIN_SEED), lm.world.stories(1_000, HELD_OUT_SEED)
    tokenizer = lm.BPETokenizer.train(corpus.texts[:4_000])
    rows, held_rows = tokenizer.rows(corpus.texts), tokenizer.rows(held_out.texts)
    torch.manual_seed(SEED)
    model = lm.GPT(lm.TransformerConfig(vocab_size=len(tokenizer), **SIZES))
    few = lm.world.stories(60, HELD_OUT_SEED + 1)
    few_rows = tokenizer.rows(few.texts)

    def report(model):
        excess = excess_over_floor(model, few_rows, few)
        print(f"{time.process_time() - began:6.0f} s  {excess.mean:.4f} nats a token over the floor; copied last names "
              f"{excess.by_kind['copied last name']:.3f}", flush=True)
        return excess.mean

    WORK.mkdir(parents=True, exist_ok=True)
    lm.fit(model, lm.Batches(rows, 16, SEED), steps, evaluate=report, every=500, checkpoint=WORK / "course-gpt.ckpt", device="cpu", **SETTINGS)
    trained = excess_over_floor(model, held_rows, held_out)
    snap_to_grid(model)
    snapped = excess_over_floor(model, held_rows, held_out)
    card = {"name": "course-gpt", "licence": "MIT", "data": f"lmcourse.world.stories({STORIES}, seed={TRAIN_SEED})",
            "seed": SEED, "steps": steps, **SETTINGS, "parameters": model.count_parameters(),
            "floor": round(snapped.floor, 4), "held_out": f"stories(1000, seed={HELD_OUT_SEED})", "loss": round(snapped.loss, 4),
            "excess": round(snapped.mean, 4), "excess_before_rounding_to_8_bits": round(trained.mean, 4), "excess_by_kind": rounded(snapped.by_kind)}
    print("training took", round(time.process_time() - began), "CPU-seconds in this process")
    write(model, tokenizer, card, folder)


MODELS = {"course-gpt": course_gpt, "course-lstm": course_lstm, "course-bert": course_bert,
          "course-seq2seq": course_seq2seq}             # in this order: the second reads the first's tokenizer

if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", choices=MODELS, help="train this one alone")
    only = options.parse_args().only
    torch.set_num_threads(1)
    for train in [MODELS[only]] if only else MODELS.values():
        train()
