"""Do the measured numbers of the chapters hold on other machines? Run each chapter with 1 thread on every kind of CPU kernel that this CPU has,
and with 2 threads; print each `lm.measured` number with its values and its band.

usage: stability.py [concepts/context-and-attention ...]

Same seeds, other rounding: losses differ in the third digit after a few hundred steps. A band must hold them all.
"""
import re
import sys

from notebooks import CHAPTERS, chapters, run

MEASURED = re.compile(r"^(?P<name>.+?) ≈ (?P<value>\S+) \(must be (?P<low>\S+) to (?P<high>\S+)\)$", re.M)


def settings() -> dict[str, dict[str, str]]:
    """name -> environment; PyTorch ignores a capability that the CPU lacks, so those are left out."""
    import torch
    has = torch.backends.cpu.get_cpu_capability()            # e.g. "AVX512", "AVX2", "DEFAULT", "NO AVX"
    kernels = ["default"] + ["avx2"] * (has in {"AVX2", "AVX512"}) + ["avx512"] * (has == "AVX512")
    runs = {f"1 thread, {kernel}": {"OMP_NUM_THREADS": "1", "ATEN_CPU_CAPABILITY": kernel} for kernel in kernels}
    return runs | {"2 threads": {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}}


def measured(notebook) -> dict[str, tuple[float, float, float]]:
    """name -> (value, low, high) of every number that a cell measured."""
    found = {}
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            for match in MEASURED.finditer(output.get("text", "")):
                name = f"{match['name']} [cell {number}]"
                while name in found:                         # a cell may measure the same thing in two situations
                    name += " again"
                found[name] = tuple(float(match[key].replace("−", "-")) for key in ("value", "low", "high"))
    return found


def main():
    import os
    outside, failed = 0, []
    for path in chapters(sys.argv[1:]):
        name = str(path.relative_to(CHAPTERS).with_suffix(""))
        table = {}
        for kind, environment in settings().items():
            os.environ.pop("ATEN_CPU_CAPABILITY", None)
            try:
                notebook, seconds, _ = run(path, **environment)
            except Exception as error:                       # a claim that failed, a band that did not hold: the run's own words
                failed.append(f"{name}, {kind}: {str(error).strip().splitlines()[-1]}")
                continue
            print(f"{name}, {kind}: {seconds:.0f} s", flush=True)
            for key, number in measured(notebook).items():
                table.setdefault(key, []).append((kind, *number))
        for key, rows in table.items():
            low, high = rows[0][2:]
            values = [row[1] for row in rows]
            bad = [row for row in rows if not low <= row[1] <= high]
            outside += len(bad)
            share = (max(values) - min(values)) / (high - low) if high > low else float("nan")
            print(f"  {key}: {' '.join(f'{value:g}' for value in values)}   band {low:g} to {high:g}, spread {share:.0%} of it"
                  + (f"   OUTSIDE: {', '.join(row[0] for row in bad)}" if bad else ""))
    for line in failed:
        print("FAILED", line)
    if failed or outside:
        sys.exit(f"{len(failed)} runs failed, {outside} numbers lie outside their band")
    print("stable: every number lies in its band in every run")


if __name__ == "__main__":
    main()
