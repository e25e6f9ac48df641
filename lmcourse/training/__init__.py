"""Training: batches, the loop, the optimizers."""
from .batches import Batches
from .devices import pick_device
from .loop import History, fit, loss_of
from .muon import Muon

__all__ = ["Batches", "History", "Muon", "fit", "loss_of", "pick_device"]
