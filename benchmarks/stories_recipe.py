"""The story recipe: excess over the floor after 2,200 steps, three seeds, by kind of token."""
import statistics
import sys

import torch

import lmcourse as lm
from lmcourse.evaluation import excess_over_floor

STEPS, BUDGET, SEEDS = 2_200, 0.025, (0, 1, 2)


def recipe(vocab_size):
    """The model and the settings of `fit` that the training chapter uses."""
    config = lm.TransformerConfig(vocab_size, n_layers=2, d_hidden=256, position="rope", qk_norm=True, token_shift=True, bias=False, mlp="gelu")
    return lm.GPT(config), {"optimizer": "muon", "lr": 3e-3, "muon_lr": 0.05, "warmup": 50}


def main(seeds=SEEDS, steps=STEPS):
    torch.set_num_threads(1)
    corpus, held_out = lm.world.stories(40_000, 0), lm.world.stories(500, 1_000_000)
    tokenizer = lm.WordTokenizer.train(corpus.texts)
    rows, held_rows = tokenizer.rows(corpus.texts), tokenizer.rows(held_out.texts)
    results = []
    for seed in seeds:
        torch.manual_seed(seed)
        model, settings = recipe(len(tokenizer))
        history = lm.fit(model, lm.Batches(rows, 16, seed), steps, device="cpu", **settings)
        results.append(excess_over_floor(model, held_rows, held_out))
        print(f"stories, {steps} steps, seed {seed}: {results[-1].mean:.4f} nats a token over the floor, {history.seconds:.0f} CPU-seconds", flush=True)
    middle = statistics.median(result.mean for result in results)
    print("by kind of token, median of the seeds: " + ", ".join(
        f"{kind} {statistics.median(result.by_kind[kind] for result in results):.3f}" for kind in results[0].by_kind))
    print(f"stories: median {middle:.4f} (budget <= {BUDGET}); {'holds' if middle <= BUDGET else 'FALLS SHORT'}")
    return middle > BUDGET


if __name__ == "__main__":
    sys.exit(main(steps=int(sys.argv[1]) if len(sys.argv) > 1 else STEPS))
