"""make checkpoints: trains the course's recipe once and records what it is like on the way, for the widget TrainingReplay.

Written are lmcourse/data/training-replay/recording.json and its card. Deterministic on one kind of machine (one thread), about five
CPU-minutes; the file is frozen by its SHA-256. Elsewhere the numbers differ in the third digit, and after some hundred steps the texts do.
"""
import hashlib
import json
import sys
import time
from collections import Counter
from math import log
from pathlib import Path

import torch

import lmcourse as lm
from lmcourse.evaluation import excess_over_floor
from lmcourse.interpret import copying_looks, mean_look, strongest
from lmcourse.world import grammar

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "benchmarks"))
from stories_recipe import STEPS, recipe  # noqa: E402

NAME, DATA = "training-replay", ROOT / "lmcourse" / "data"           # of the sources, not of the wheel that is imported
STORIES, TRAIN_SEED, HELD_OUT, HELD_OUT_SEED, SEED, BATCH = 40_000, 0, 500, 1_000_000, 0, 16
MOMENTS = (0, 10, 25, 50, 75, 100, 150, 200, 300, 400, 600, 1_000, 1_500, 2_200)
EVERY = 5                                                           # steps between two looks at the clock; divides all moments
BLOCK = 20                                                          # training losses are kept as means of so many steps
PROMPT = "One winter Sam Bell was in the garden."
SENTENCE = "One winter Sam Bell was in the garden. He had a red key. Mary Shaw was his friend. Sam"       # "Bell" is due
LOOKED_FOR = "copied last name"                                     # what the head that is shown should look for
WRITTEN, LONGEST, SHOWN, WRITING_SEED = 200, 80, 4, 1               # texts a moment, their words at most, those that are kept
GROUPS = {"grammar": grammar.KINDS[:2], "memory": grammar.KINDS[2:9], "choice": grammar.KINDS[9:]}
SOUND, FITTING = 0.5, 0.95                                          # shares of texts and of pairs above which a stage has its name


class Enough(Exception):
    """The last moment that was asked for is recorded."""


class Course:
    """The stories, the model, and what is looked at: everything that a moment needs."""
    def __init__(self):
        corpus, self.held_out = lm.world.stories(STORIES, TRAIN_SEED), lm.world.stories(HELD_OUT, HELD_OUT_SEED)
        self.tokenizer = lm.WordTokenizer.train(corpus.texts)
        self.rows, self.held_rows = self.tokenizer.rows(corpus.texts), self.tokenizer.rows(self.held_out.texts)
        self.pairs = {pair for words in corpus.tokens for pair in zip(words, words[1:])}
        self.prompt = [self.tokenizer.end_id, *self.tokenizer.encode(PROMPT)]
        self.sentence = [self.tokenizer.end_id, *self.tokenizer.encode(SENTENCE)]
        self.looks = [copying_looks(words, kinds, LOOKED_FOR) for words, kinds in zip(self.held_out.tokens, self.held_out.kinds)][:100]
        self.milestones = {"nothing": log(len(self.tokenizer)), "frequency": self.counting(0), "last word": self.counting(1)}
        torch.manual_seed(SEED)
        self.model, self.settings = recipe(len(self.tokenizer))

    def counting(self, n):
        """Held-out loss (nats a token) of guessing from the n words before, by counting, 0.1 added to each count."""
        before, both = Counter(), Counter()
        for row in self.rows:
            for i in range(1, len(row)):
                before[tuple(row[max(0, i - n):i])] += 1
                both[tuple(row[max(0, i - n):i]), row[i]] += 1
        asked = [(tuple(row[max(0, i - n):i]), row[i]) for row in self.held_rows for i in range(1, len(row))]
        shares = ((both[each] + 0.1) / (before[each[0]] + 0.1 * len(self.tokenizer)) for each in asked)
        return -sum(map(log, shares)) / len(asked)

    def train(self, moments=MOMENTS):
        """([what `look` sees at each moment], training losses of the steps taken). The run stops at the last moment that was asked for;
        the learning rate is that of the whole run."""
        seen, steps = [], iter(range(EVERY, STEPS + 1, EVERY))

        def evaluate(model):
            if (step := next(steps)) in moments:
                seen.append(self.look(step))
                print(f"step {step}: loss {seen[-1]['loss']:.4f}, floor {self.held_out.floor:.4f}", flush=True)
            if step == moments[-1] < STEPS:
                raise Enough

        losses = []
        if moments[0] == 0:
            seen.append(self.look(0))
        try:
            losses = lm.fit(self.model, lm.Batches(self.rows, BATCH, SEED), STEPS, device="cpu", every=EVERY, evaluate=evaluate, **self.settings).losses
        except Enough:
            pass
        return seen, losses

    @torch.no_grad()
    def look(self, step):
        """All about the model as it is now. `attention` holds every head, (L, H, T, T): which one is kept is known at the end."""
        excess = excess_over_floor(self.model, self.held_rows, self.held_out)
        rows = lm.generate(self.model, [self.prompt] * WRITTEN, LONGEST, lm.Sample(), stop=self.tokenizer.end_id, seed=WRITING_SEED)
        texts = [[self.tokenizer.tokens[i] for i in row] for row in rows]
        return {"step": step, "loss": excess.loss, "excess": excess.by_kind, "counts": excess.counts,
                "looks": mean_look(self.model, self.held_rows[:len(self.looks)], self.looks),
                "attention": torch.stack(lm.record(self.model, torch.tensor([self.sentence])).attention)[:, 0],
                **self.judged(texts)}

    def judged(self, texts):
        """What the grammar says of the texts: how many follow it, what is wrong first in the others, how many pairs of words fit."""
        start = len(self.prompt)
        mistakes = [first_mistake(words) for words in texts]
        pairs = [pair for words in texts for pair in zip(words[start - 1:], words[start:])]
        first = Counter(mistake["kind"] for mistake in mistakes if mistake)
        return {"sound": mistakes.count(None), "fitting": sum(pair in self.pairs for pair in pairs) / len(pairs),
                "first": dict(sorted(first.items(), key=lambda item: (-item[1], item[0]))),
                "samples": [{"words": words[start:], "mistake": mistake and {**mistake, "at": mistake["at"] - start},
                             "odd": [i for i in range(len(words) - start) if tuple(words[start + i - 1:start + i + 1]) not in self.pairs]}
                            for words, mistake in zip(texts[:SHOWN], mistakes)]}


def first_mistake(words):
    """The first word that the grammar gives probability 0, counted from the start token: {at, kind of word that was due, possible: up to
    four of the likeliest, of: how many}; None if there is none. Once the story has left the grammar, no later word has a probability."""
    story = grammar.story()
    choice = next(story)
    for at, word in enumerate(words[1:], 1):
        if word not in choice.words:
            likely = sorted(choice.words, key=lambda each: (-choice.words[each], each))
            return {"at": at, "kind": choice.kind, "possible": likely[:4], "of": len(likely)}
        if word == grammar.END:
            return None
        choice = story.send(word)
    return None


def stage(loss, sound, fitting, milestones):
    """The name of what the model writes, from what was measured: the rows of the training chapter's table of gibberish."""
    if loss > milestones["frequency"]:
        return "nothing"
    if loss > milestones["last word"]:
        return "salad"
    if sound > SOUND * WRITTEN:
        return "stories"
    return "sentences" if fitting > FITTING else "pairs"


def recording(course, seen, losses):
    """What is kept, rounded: losses and excesses to 0.0001 nats, attention to thousandths."""
    layer, head = strongest(seen[-1]["looks"])
    kinds = [kind for group in GROUPS.values() for kind in group if kind in seen[0]["counts"]]
    group = {kind: name for name, members in GROUPS.items() for kind in members}
    moments = [{"step": at["step"], "loss": round(at["loss"], 4), "excess": [round(at["excess"][kind], 4) for kind in kinds],
                "stage": stage(at["loss"], at["sound"], at["fitting"], course.milestones), "sound": at["sound"], "first": at["first"],
                "fitting": round(at["fitting"], 3), "look": round(at["looks"][layer, head].item(), 3), "samples": at["samples"],
                "attention": [[round(1000 * x) for x in row[:i + 1]] for i, row in enumerate(at["attention"][layer, head].tolist())]} for at in seen]
    return {"floor": round(course.held_out.floor, 4), "milestones": {name: round(loss, 4) for name, loss in course.milestones.items()},
            "kinds": [[kind, group[kind], seen[0]["counts"][kind]] for kind in kinds], "steps": STEPS,
            "training": [round(sum(losses[at:at + BLOCK]) / BLOCK, 3) for at in range(0, STEPS, BLOCK)], "block": BLOCK,
            "written": WRITTEN, "prompt": PROMPT, "sentence": ["", *(course.tokenizer.tokens[i] for i in course.sentence[1:])],
            "head": [layer, head], "looks": sum(map(len, course.looks)), "moments": moments}


def write(found, card, folder=DATA / NAME):
    folder.mkdir(exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n"
    card["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "recording.json").write_text(text, encoding="utf-8")
    (folder / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{folder}: {len(text.encode())} bytes, sha256 {card['sha256'][:12]}")


def main():
    torch.set_num_threads(1)
    began, course = time.process_time(), Course()
    seen, losses = course.train()
    found = recording(course, seen, losses)
    card = {"name": NAME, "licence": "MIT", "data": f"lmcourse.world.stories({STORIES}, seed={TRAIN_SEED}), each read at most once",
            "recipe": "benchmarks/stories_recipe.py", "seed": SEED, "steps": STEPS, "batch": BATCH, **course.settings,
            "parameters": course.model.count_parameters(), "held_out": f"stories({HELD_OUT}, seed={HELD_OUT_SEED})", "floor": found["floor"],
            "loss": found["moments"][-1]["loss"], "texts": f"{WRITTEN} a moment, generate(..., Sample(), seed={WRITING_SEED}), at most {LONGEST} words",
            "rounding": "losses to 0.0001 nats (training 0.001, means of 20 steps), attention to 0.001"}
    write(found, card)
    print("it took", round(time.process_time() - began), "CPU-seconds")


if __name__ == "__main__":
    main()
