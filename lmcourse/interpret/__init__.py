"""Interpretation: record what a model does, take parts away, see what changes."""
from importlib import import_module

_WHERE = {"record": "recording", "Record": "recording", "ablate": "ablation", "head_view": "bertviz",
          "copying_looks": "looks", "pronoun_looks": "looks", "random_looks": "looks", "mean_look": "looks", "strongest": "looks",
          "logit_lens": "lens", "head_scores": "scores", "induction_pattern_score": "scores", "previous_token_pattern_score": "scores",
          "DeepStack": "depth", "by_depth": "depth", "AddedNorm": "depth"}
__all__ = list(_WHERE)


def __getattr__(name):
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"lmcourse.interpret has no {name!r}; it has {', '.join(__all__)}")
