"""Byte-pair encoding in Python beside Hugging Face's `tokenizers` (Rust), on its own pipeline: training and encoding. One thread, interleaved, medians."""
import json
import os
import statistics
import sys

os.environ["RAYON_NUM_THREADS"] = "1"                                   # before the library starts its threads
import tokenizers as hf  # noqa: E402
from generation_speed import cpu_seconds  # noqa: E402

import lmcourse as lm  # noqa: E402

SIZE, ROUNDS = 600, 3


def library(texts):
    """The library's tokenizer, trained as a reader would: it cuts, counts and merges by itself."""
    tokenizer = hf.Tokenizer(hf.models.BPE())
    tokenizer.pre_tokenizer = hf.pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = hf.trainers.BpeTrainer(vocab_size=SIZE - 1, initial_alphabet=hf.pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def ratio(ours, theirs):
    """How many times as long ours takes, and our best."""
    times = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(ROUNDS)]
    return statistics.median(a / b for a, b in times), min(a for a, _ in times)


def race(name, texts):
    ours, theirs = lm.BPETokenizer.train(texts, SIZE, library=False), library(texts)
    assert [list(pair) for pair in ours.merges] == json.loads(theirs.to_str())["model"]["merges"]       # the same merges, or the race means nothing
    slower, best = ratio(lambda: lm.BPETokenizer.train(texts, SIZE, library=False), lambda: library(texts))
    print(f"BPE training, {name}, {SIZE} tokens: {slower:.1f} times as long as the library, {best:.2f} CPU-seconds at best (reported)", flush=True)

    def pieces(ids):                                                    # both know the same tokens, under other numbers
        return [theirs.id_to_token(i) for i in ids]
    assert all([ours.tokens[i] for i in ours.encode(text)] == pieces(theirs.encode(text).ids) for text in texts[:200])
    slower, best = ratio(lambda: [ours.encode(text) for text in texts], lambda: theirs.encode_batch(texts))
    print(f"BPE encoding, {name}, words seen before: {slower:.2f} times as long as the library, "
          f"{sum(map(len, texts)) / best / 1e6:.2f} million characters a CPU-second at best (reported)", flush=True)


def main():
    race("4,000 stories", lm.world.stories(4_000, 0).texts)             # 200 words
    hamlet = lm.corpora.shakespeare()["hamlet"].split("\n\n")
    race("Hamlet", [part.strip() for part in hamlet if part.strip()])   # thousands


if __name__ == "__main__":
    sys.exit(main())
