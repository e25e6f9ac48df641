"""Run benchmarks/*.py one after the other, each in a process of its own. Each prints its table of budgets and exits with 1 if one is not met."""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    scripts = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if not path.name.startswith("_"))
    missed = []
    for path in scripts:
        print(f"\n== {path.stem.replace('_', ' ')}", flush=True)
        if subprocess.run([sys.executable, str(path), *sys.argv[1:]], cwd=ROOT / "benchmarks").returncode:
            missed.append(path.stem)
    print(f"\n{len(scripts) - len(missed)} of {len(scripts)} benchmarks met their budgets" + (f"; not met: {', '.join(missed)}" if missed else ""))
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
