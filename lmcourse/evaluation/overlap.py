"""Written text against a reference, by what the two share: the field's own implementations, so that numbers compare."""
from typing import NamedTuple

from ..versions import library


class Overlap(NamedTuple):
    """Shares from 0 to 1: of the prediction's units, of the reference's units, and their harmonic mean."""
    precision: float
    recall: float
    f1: float


def bleu(predictions, references, tokenize="13a"):
    """Corpus BLEU, 0 to 100 (Papineni et al., 2002), as sacreBLEU computes it (Post, 2018).

    predictions: n texts. references: n texts, or n lists with as many references each. tokenize: "13a" for languages
    with spaces, "zh" for Chinese, "char" for one unit a character. ImportError names the line that installs sacrebleu.
    """
    return library("sacrebleu", "BLEU", "sacrebleu").corpus_bleu(*_sides(predictions, references), tokenize=tokenize).score


def chrf(predictions, references):
    """Corpus chrF, 0 to 100: overlap of runs of one to six characters (Popović, 2015); needs no words."""
    return library("sacrebleu", "chrF", "sacrebleu").corpus_chrf(*_sides(predictions, references)).score


def rouge(predictions, references, kind="rougeL"):
    """Mean ROUGE (Lin, 2004) as an `Overlap`: kind "rouge1", "rouge2" (words, pairs) or "rougeL" (longest common subsequence).

    Words are runs of a-z and 0-9 alone, so text in another script has none: ValueError for a reference without a word.
    """
    if kind not in ("rouge1", "rouge2", "rougeL"):
        raise ValueError(f"kind={kind!r}; it is 'rouge1', 'rouge2' or 'rougeL'")
    _same_number(predictions, references)
    scorer = library("rouge_score.rouge_scorer", "ROUGE", "rouge-score").RougeScorer([kind])
    for text in references:
        if not any(character.isascii() and character.isalnum() for character in text):
            raise ValueError(f"ROUGE finds no word in {text[:20]!r}: its words are runs of a-z and 0-9")
    scores = [scorer.score(reference, text)[kind] for text, reference in zip(predictions, references)]
    return Overlap(*(sum(score[i] for score in scores) / len(scores) for i in range(3)))


def _sides(predictions, references):
    """As sacreBLEU wants them: a list of texts, and one list for each first, second, ... reference."""
    _same_number(predictions, references)
    many = [[each] if isinstance(each, str) else list(each) for each in references]
    if len({len(each) for each in many}) > 1:
        raise ValueError("give every prediction the same number of references")
    return list(predictions), [list(column) for column in zip(*many)]


def _same_number(predictions, references):
    if isinstance(predictions, str) or isinstance(references, str):
        raise ValueError("predictions and references are lists of texts; for one text write [text]")
    if len(predictions) != len(references) or not predictions:
        raise ValueError(f"{len(predictions)} predictions for {len(references)} references: give one reference a prediction")
