"""Where and how a run computes: the device, the number format, and the other processes of `torchrun`."""
import os

import torch
import torch.distributed as dist

FORMATS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def pick_device(device="auto"):
    """torch.device of that name; "auto" is cuda, else mps, else cpu. ValueError if it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return torch.device(next(name for name, here in there.items() if here))
    if not there.get(str(device).split(":")[0], False):
        raise ValueError(f"device={str(device)!r} is not there; this machine has {', '.join(n for n, here in there.items() if here)}")
    return torch.device(device)


def pick_format(precision, device):
    """torch's dtype for the products. "auto": bfloat16 on a GPU that is fast at it, float16 on an older one, else float32."""
    if precision == "auto":
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float16
    if precision not in FORMATS:
        raise ValueError(f"precision={precision!r} must be 'auto', {', '.join(map(repr, FORMATS))}")
    return FORMATS[precision]


class Processes:
    """The processes that train one model together, each on its share of every batch (data parallelism; Li et al., 2020).

    Started by `torchrun` there are WORLD_SIZE of them; started otherwise there is one, and nothing here does anything.
    """
    def __init__(self, device):
        self.count, self.rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
        self.device, self.began = device, False
        if self.count > 1:
            if device.type == "cuda":
                self.device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
                torch.cuda.set_device(self.device)
            if not dist.is_initialized():
                dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
                self.began = True

    def wrap(self, model):
        """The model whose `backward` sums gradients over the processes."""
        if self.count == 1:
            return model
        ids = [self.device.index] if self.device.type == "cuda" else None
        return torch.nn.parallel.DistributedDataParallel(model, device_ids=ids)

    def sum(self, value):
        """The sum over the processes of a number."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64 if self.device.type != "mps" else torch.float32, device=self.device)
        dist.all_reduce(total)
        return total.item()

    def end(self):
        if self.count > 1:
            dist.barrier()
        if self.began:
            dist.destroy_process_group()
