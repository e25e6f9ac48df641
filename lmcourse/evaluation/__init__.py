"""Evaluation: loss, perplexity, and the distance to what is possible; scores for answers and written text; how sure one may be."""
from .bits import bits_per_byte, bits_per_character, text_losses
from .calibration import expected_calibration_error, reliability
from .floor import Excess, excess_at_hidden, excess_over_floor, perplexity, token_losses
from .intervals import bootstrap
from .matching import accuracy, exact_match
from .overlap import bleu, chrf, rouge

__all__ = ["Excess", "accuracy", "bits_per_byte", "bits_per_character", "bleu", "bootstrap", "chrf", "exact_match", "excess_at_hidden", "excess_over_floor",
           "expected_calibration_error", "perplexity", "reliability", "rouge", "text_losses", "token_losses"]
