"""What only a GPU can measure: runs benchmarks/gpu/*.py where CUDA is there, else says in one line that it is not."""
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent


def main():
    if not torch.cuda.is_available():
        print("No CUDA device here: nothing was measured, and the GPU column of the tables keeps saying so.")
        return
    scripts = sorted((ROOT / "benchmarks" / "gpu").glob("*.py"))
    print(f"{torch.cuda.get_device_name()}: {len(scripts)} scripts")
    failed = [path.name for path in scripts if subprocess.run([sys.executable, str(path)], cwd=path.parent).returncode]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
