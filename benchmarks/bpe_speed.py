"""Byte-pair encoding beside Hugging Face's `tokenizers` (Rust): training and encoding. One thread, interleaved, medians. No budget."""
import os
import statistics
import sys
import tempfile
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"                                   # before the library starts its threads
import tokenizers  # noqa: E402
from generation_speed import cpu_seconds  # noqa: E402

import lmcourse as lm  # noqa: E402

STORIES, ROUNDS = 4_000, 3


def ratio(ours, theirs):
    """How many times as long ours takes, and our best."""
    times = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(ROUNDS)]
    return statistics.median(a / b for a, b in times), min(a for a, _ in times)


def main():
    texts = lm.world.stories(STORIES, 0).texts
    size = 600
    kinds = [lm.BPETokenizer.train(texts, size, library=library) for library in (False, True)]
    assert kinds[0].merges == kinds[1].merges                           # the same merges, or the race means nothing
    slower, best = ratio(lambda: lm.BPETokenizer.train(texts, size, library=False), lambda: lm.BPETokenizer.train(texts, size, library=True))
    print(f"BPE training, {STORIES} stories, {size} tokens: {slower:.1f} times as long as the library, {best:.2f} CPU-seconds at best")
    with tempfile.TemporaryDirectory() as folder:
        kinds[0].save(folder)
        theirs = tokenizers.Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    ours = kinds[0]
    assert [ours.encode(text) for text in texts[:50]] == [theirs.encode(text).ids for text in texts[:50]]
    slower, best = ratio(lambda: [ours.encode(text) for text in texts], lambda: theirs.encode_batch(texts))
    print(f"BPE encoding: {slower:.2f} times as long as the library, {sum(map(len, texts)) / best / 1e6:.2f} million characters a CPU-second at best")


if __name__ == "__main__":
    sys.exit(main())
