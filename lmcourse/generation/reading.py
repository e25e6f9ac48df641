"""A model in the middle of some texts: the one thing that generation asks of it, whatever it keeps of the past."""
from contextlib import contextmanager

from lmcourse.models.lstm import LSTMLanguageModel

from .cache import Cache
from .lean import LeanStep, applies
from .sources import Reader


class Reading:
    """`read(ids)`, ids (B, T) the new ones, gives the logits (B, V) of what comes next. A GPT keeps its KV cache, as does a
    Seq2Seq's decoder (a `Reader`), an LSTM its state. `new`: how many tokens it is to write.

    ValueError for another kind of model.
    """
    def __init__(self, model, new=1):
        self.model, self.new, self.lean = model, new, None
        if isinstance(model, LSTMLanguageModel):
            self.past, self.vocab_size, self.max_len = None, model.vocab_size, None
        elif hasattr(getattr(model, "config", None), "max_len") and hasattr(model, "blocks"):
            self.past, self.vocab_size, self.max_len = Cache(model), model.config.vocab_size, model.config.max_len
            self.can_be_lean = not isinstance(model, Reader) and applies(model)
        else:
            raise ValueError(f"{type(model).__name__} writes nothing here; give a GPT, a Seq2Seq or an LSTMLanguageModel")

    def read(self, ids):
        if self.max_len is None:
            logits, self.past = self.model(ids, self.past, return_state=True)
            return logits[:, -1]
        if self.can_be_lean and ids.shape[1] == 1:
            self.lean = self.lean or LeanStep(self.model, self.new)
            return self.lean(ids[:, 0], self.past)
        return self.model(ids, self.past)[:, -1]

    def take(self, rows):
        """Goes on with these rows of the batch (B',)."""
        if self.max_len is None:
            self.past = tuple(part[:, rows] for part in self.past)      # (n_layers, B', d_hidden) each
        else:
            self.past.take(rows)


@contextmanager
def writing(model):
    """The model without dropout, as it has to be to write; afterwards it is as it was, so that a training goes on."""
    learning = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(learning)
