"""What the scripts that run notebooks share: where chapters are, the environment they run in, and how one is run."""
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
TIMEOUT = 600                          # seconds a cell; a dead kernel is noticed only then
SETTINGS = {
    "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive",
    "LMCOURSE_STRICT": "1",            # a claim that does not hold stops the notebook
    "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1", "TRANSFORMERS_VERBOSITY": "error",
    "TQDM_DISABLE": "1",               # transformers' bars would be stored as classic widgets
}


def chapters(names: list[str]) -> list[Path]:
    """Return the notebooks named like "concepts/training" (or all), or say which name there is not."""
    every = sorted(path for path in CHAPTERS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    known = {str(path.relative_to(CHAPTERS).with_suffix("")): path for path in every}
    wanted = [name.removeprefix("chapters/").removesuffix(".ipynb") for name in names]
    if unknown := [name for name in wanted if name not in known]:
        raise SystemExit(f"there is no chapter {unknown[0]!r}; there are: {', '.join(known) or 'none yet'}")
    return [known[name] for name in wanted] or every


def run(path: Path, **settings: str):
    """Run the notebook from its own folder, as a reader would. Return (notebook, seconds, peak MiB of its kernel)."""
    import psutil
    os.environ.update(SETTINGS | settings)             # the kernel inherits them
    notebook = nbformat.read(path, as_version=4)
    peak = 0

    def watch(**_):
        nonlocal peak
        for process in psutil.Process().children(recursive=True):
            try:
                memory = process.memory_info()
            except psutil.NoSuchProcess:
                continue
            peak = max(peak, getattr(memory, "peak_wset", 0) or _high_water(process.pid) or memory.rss)

    client = NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", record_timing=False, store_widget_state=True, coalesce_streams=True,
                            resources={"metadata": {"path": str(path.parent)}}, on_cell_executed=watch)
    start = time.perf_counter()
    client.execute()
    return notebook, time.perf_counter() - start, peak / 2**20


def _high_water(pid: int) -> int:
    """The most memory the process ever held, in bytes, where the system keeps it (Linux)."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    sys.exit("this file is imported by execute.py and stability.py")
