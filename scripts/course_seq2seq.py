"""course-seq2seq: an encoder-decoder Transformer that translates the world's English into 中文. Run by scripts/checkpoints.py."""
import time

import torch
import torch.nn.functional as F
from bundling import DATA, HELD_OUT_SEED, WORK, snap_to_grid, write

import lmcourse as lm

PAIRS, TRAIN_SEED, HELD_OUT = 40_000, 0, 400
SIZES = {"n_layers": 2, "d_model": 128, "n_heads": 4, "d_hidden": 256, "max_len": 32}
STEPS, SEED, SIZE = 4_000, 0, 32
SETTINGS = {"optimizer": "muon", "lr": 3e-3, "muon_lr": 0.02}


def rows(tokenizer, task):
    """(sources, targets): ids of each pair; a target stands between two end tokens, since the model writes from one to the next."""
    end = tokenizer.end_id
    return [tokenizer.encode(source) for source, _ in task.pairs], [[end, *tokenizer.encode(target), end] for _, target in task.pairs]


@torch.no_grad()
def excess(model, tokenizer, task):
    """(loss, optimum), nats a sentence: the mean of -log q of each target, and of its own true -log p. Their difference is the excess."""
    model.eval()
    total = 0.0
    for source, target in zip(*rows(tokenizer, task)):
        logits = model((torch.tensor([source]), torch.tensor([target[:-1]])))[0]
        total += F.cross_entropy(logits, torch.tensor(target[1:]), reduction="sum").item()
    return total / len(task), -sum(task.log_probs) / len(task)


def share_right(model, tokenizer, task):
    """How often the greedy translation is one of the correct ones."""
    written = lm.generate(model, rows(tokenizer, task)[0], SIZES["max_len"] - 1, stop=tokenizer.end_id)
    texts = [[tokenizer.tokens[i] for i in row if i != tokenizer.end_id] for row in written]
    return sum(text in [answer.split() for answer in answers] for text, answers in zip(texts, task.answers)) / len(task)


def course_seq2seq(steps=STEPS, folder=DATA / "course-seq2seq"):
    began = time.process_time()
    train = lm.world.translations(PAIRS, TRAIN_SEED)
    held_out, new_pairs = (lm.world.translations(HELD_OUT, HELD_OUT_SEED, split) for split in ("test", "compositional"))
    tokenizer = lm.WordTokenizer.train([text for pair in train.pairs for text in pair])
    torch.manual_seed(SEED)
    end = tokenizer.end_id
    model = lm.Seq2Seq(lm.TransformerConfig(vocab_size=len(tokenizer), pad_id=end, start_id=end, **SIZES))

    def report(model):
        loss, optimum = excess(model, tokenizer, held_out)
        print(f"{time.process_time() - began:6.0f} s  {loss - optimum:.4f} nats a sentence over the optimum", flush=True)
        return loss - optimum

    WORK.mkdir(parents=True, exist_ok=True)
    batches = lm.PairBatches(*rows(tokenizer, train), SIZE, SEED, end)
    history = lm.fit(model, batches, steps, evaluate=report, every=500, checkpoint=WORK / "course-seq2seq.ckpt", device="cpu", **SETTINGS)
    print("training took", round(history.seconds), "CPU-seconds")
    before = report(model)
    snap_to_grid(model)
    loss, optimum = excess(model, tokenizer, held_out)
    card = {"name": "course-seq2seq", "licence": "MIT", "data": f"lmcourse.world.translations({PAIRS}, seed={TRAIN_SEED})",
            "seed": SEED, "steps": steps, **SETTINGS, "parameters": model.count_parameters(),
            "floor": round(optimum, 4), "unit": "nats a sentence", "held_out": f"translations({HELD_OUT}, seed={HELD_OUT_SEED}, split='test')",
            "loss": round(loss, 4), "excess": round(loss - optimum, 4), "excess_before_rounding_to_8_bits": round(before, 4),
            "right": {"test": round(share_right(model, tokenizer, held_out), 4), "compositional": round(share_right(model, tokenizer, new_pairs), 4)}}
    write(model, tokenizer, card, folder)
