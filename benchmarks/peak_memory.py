"""The most memory that a training step and 200 generated tokens take, ours and Hugging Face's on the same weights, each in a process of its own.

This file, started without arguments, imports nothing large: a process begins with the high-water mark of the one that started it.
"""
import resource
import subprocess
import sys

SIZES, ROUNDS = (128, 384), 3
WORK = {"training step": "16 rows of 64", "generate": "200 tokens"}


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 ** 2 if sys.platform == "darwin" else 1024)


def child(work, whose, d_model):
    """Prints two numbers: megabytes held once the models are there, and the most that was held at the end."""
    import torch
    from generation_speed import NEW, pair
    from training_speed import steps

    import lmcourse as lm
    torch.set_num_threads(1)
    models = pair(d_model)
    if work == "training step":
        run = steps(*(model.train() for model in models))[whose == "theirs"]
    else:
        ids = torch.randint(0, 700, (1, 8))
        run = [lambda: lm.generate(models[0], ids, NEW),
               lambda: models[1].generate(ids, max_new_tokens=NEW, do_sample=False, pad_token_id=0, eos_token_id=None)][whose == "theirs"]
    before = megabytes()
    run()
    run()
    print(before, megabytes())


def measured(work, whose, d_model):
    """(taken by the work itself, in all), the median of a few processes, in MB."""
    seen = []
    for _ in range(ROUNDS):
        done = subprocess.run([sys.executable, __file__, work, whose, str(d_model)], capture_output=True, text=True, check=True)
        before, most = map(float, done.stdout.split()[-2:])
        seen.append((most - before, most))
    return sorted(seen)[ROUNDS // 2]


def main():
    if sys.argv[1:]:
        return child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    for d_model in SIZES:
        for work, size in WORK.items():
            (mine, whole), (theirs, _) = measured(work, "ours", d_model), measured(work, "theirs", d_model)
            print(f"{work}, d={d_model}, {size}: {mine:.0f} MB, {mine / theirs:.2f} times Hugging Face's {theirs:.0f} MB; "
                  f"the process with torch and both models {whole:.0f} MB (reported)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
