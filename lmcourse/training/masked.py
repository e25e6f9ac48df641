"""Masked-language batches: some words are hidden, and these alone are scored (Devlin et al., 2019)."""
import torch
from torch.nn.utils.rnn import pad_sequence

from .batches import IGNORED, Groups


def mask_tokens(ids, mask_id, vocab_size, special, rate=0.15, generator=None):
    """(inputs, targets), both (B, T), from ids (B, T): each token is chosen with probability `rate`, those in `special` never.

    Of the chosen 80 % become `mask_id`, 10 % a random token, and 10 % stay, so that the model cannot know that what it sees
    is right. Targets are -100 wherever a token was not chosen. ValueError for a rate outside 0 to 1.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"rate={rate} must be above 0 and at most 1")
    draw = torch.rand(2, *ids.shape, generator=generator)
    ordinary = ~torch.isin(ids, torch.tensor(sorted(special)))
    chosen = ordinary & (draw[0] < rate)                                # (B, T)
    targets = ids.masked_fill(~chosen, IGNORED)
    other = torch.randint(vocab_size, ids.shape, generator=generator)
    inputs = ids.masked_fill(chosen & (draw[1] < 0.8), mask_id)
    return inputs.where(~(chosen & (draw[1] >= 0.9)), other), targets


class MaskedBatches(Groups):
    """Endless batches (inputs, targets) for a BERT, hidden anew each time a row comes again. Rows of similar length go together.

    rows: ids from [CLS] to [SEP]; tokenizer: a WordPieceTokenizer, or anything with .pad_id, .start_id, .end_id, .mask_id and a
    length. The order and what is hidden follow from `seed` alone.
    """
    def __init__(self, rows, tokenizer, size=16, seed=0, rate=0.15):
        super().__init__([torch.tensor(row) for row in rows], size, seed)
        self.tokenizer, self.rate = tokenizer, rate

    def __iter__(self):
        t, generator = self.tokenizer, torch.Generator().manual_seed(self.seed)
        for group in super().__iter__():
            ids = pad_sequence(group, batch_first=True, padding_value=t.pad_id)
            yield mask_tokens(ids, t.mask_id, len(t), {t.pad_id, t.start_id, t.end_id}, self.rate, generator)
