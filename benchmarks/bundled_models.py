"""course-gpt beside its floor, measured anew on held-out stories, and the size of all bundled checkpoints."""
import sys

import torch

import lmcourse as lm
from lmcourse.evaluation import excess_over_floor
from lmcourse.pretrained_models import BUNDLED, DATA

NAMES, MEGABYTES = 0.1, 10


def main():
    torch.set_num_threads(1)
    model, tokenizer, card = lm.pretrained("course-gpt")
    held_out = lm.world.stories(500, 2_000_000)          # neither trained on nor used for the card
    excess = excess_over_floor(model, tokenizer.rows(held_out.texts), held_out)
    worst = max(excess.by_kind["copied first name"], excess.by_kind["copied last name"])
    size = sum(path.stat().st_size for name in BUNDLED for path in (DATA / name).rglob("*")) / 1e6
    print(f"course-gpt: {excess.mean:.4f} nats a token over the floor; copied names {worst:.3f} (budget <= {NAMES}); "
          f"{'holds' if worst <= NAMES else 'FALLS SHORT'}")
    print("by kind of token: " + ", ".join(f"{kind} {value:.3f}" for kind, value in excess.by_kind.items()))
    print(f"bundled models: {size:.2f} MB (budget <= {MEGABYTES}); {'holds' if size <= MEGABYTES else 'FALLS SHORT'}")
    return worst > NAMES or size > MEGABYTES


if __name__ == "__main__":
    sys.exit(main())
