"""Tokens a second, as a ratio to Hugging Face's generate on the same weights. One thread, interleaved, medians."""
import statistics
import sys
import tempfile
import time

import torch
import transformers

import lmcourse as lm

BUDGETS = {128: 3.0, 384: 2.0}
NEW, ROUNDS = 200, 7


def pair(d_model, mlp="gelu_tanh"):
    """(ours, theirs): the same random weights, GPT-2's layout. "gelu_tanh" is GPT-2's own bend (Hugging Face's gelu_new), "gelu" the exact one."""
    torch.manual_seed(0)
    ours = lm.GPT(lm.TransformerConfig(746, d_model, d_model // 32, 4, NEW + 16, mlp=mlp))
    for p in ours.parameters():
        torch.nn.init.normal_(p, std=0.05)
    with tempfile.TemporaryDirectory() as folder:
        lm.save(ours, folder)
        theirs = transformers.GPT2LMHeadModel.from_pretrained(folder)
    return ours.eval(), theirs.eval()


def cpu_seconds(work):
    began = time.process_time()
    work()
    return time.process_time() - began


def race(ours, theirs):
    """(how many times as fast ours is, its tokens a CPU-second at best)."""
    ids = torch.randint(0, 700, (1, 8))
    runs = [lambda: lm.generate(ours, ids, NEW),
            lambda: theirs.generate(ids, max_new_tokens=NEW, do_sample=False, pad_token_id=0, eos_token_id=None)]
    assert torch.equal(runs[0](), runs[1]())                            # the same text, or the race means nothing
    times = [[cpu_seconds(run) for run in runs] for _ in range(ROUNDS)]
    return statistics.median(theirs / ours for ours, theirs in times), NEW / min(ours for ours, _ in times)


def main():
    torch.set_num_threads(1)
    missed = False
    for d_model, budget in BUDGETS.items():
        ratio, fastest = race(*pair(d_model))
        print(f"generate {NEW} tokens, d={d_model}: {ratio:.2f} times Hugging Face's (budget >= {budget}), "
              f"{fastest:.0f} tokens a CPU-second at best; {'holds' if ratio >= budget else 'FALLS SHORT'}", flush=True)
        print(f"the same with exact GELU, d={d_model}: {race(*pair(d_model, 'gelu'))[0]:.2f} times Hugging Face's (reported)", flush=True)
        missed |= ratio < budget
    return missed


if __name__ == "__main__":
    sys.exit(main())
