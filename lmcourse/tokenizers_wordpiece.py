"""WordPiece, BERT's tokenizer: words, and where a word is not known its longest known pieces (Devlin et al., 2019)."""
import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from .tokenizers import _Tokenizer

PAD, UNKNOWN, START, SEPARATOR, MASK = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class WordPieceTokenizer(_Tokenizer):
    """`tokens` is the vocabulary in the order of the ids; a piece that goes on a word begins with ##.

    With `lowercase` capitals and accents are taken away first, as in BERT's uncased models. A special token's name inside
    a text is text, but for [MASK], which stands for itself. Hugging Face's `tokenizers` does the work, as in their BertTokenizer.
    """
    special, ends = SPECIAL, (START, SEPARATOR)

    def __init__(self, tokens, lowercase=False):
        super().__init__(tokens)
        self.pad_id, self.unknown_id, self.mask_id = (self.ids[token] for token in (PAD, UNKNOWN, MASK))
        self.lowercase, self.library = lowercase, _library(self.ids, lowercase)

    def words(self, text):
        """The text's words and marks, each of which is cut into pieces by itself."""
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, not {type(text).__name__}; decode bytes first, as in data.decode('utf-8')")
        found = []
        for at, part in enumerate(text.encode("utf-8", "ignore").decode("utf-8").split(MASK)):          # no halves of surrogate pairs
            plain = self.library.normalizer.normalize_str(part)
            found += [*([MASK] if at else []), *(word for word, _ in self.library.pre_tokenizer.pre_tokenize_str(plain))]
        return found

    def encode(self, text):
        """list of ids, without [CLS] and [SEP]. A word that no pieces make up is [UNK]."""
        return [i for word in self.words(text) for i in self.pieces(word)]

    def pieces(self, word):
        """The ids of one word: the longest piece that fits, again and again."""
        return [self.mask_id] if word == MASK else [piece.id for piece in self.library.model.tokenize(word)]

    def decode(self, ids):
        """Words with single spaces between them, none before . , ? ! and :, without [CLS], [SEP] and [PAD]."""
        text = ""
        for token in map(self._token, ids):
            if token not in (PAD, START, SEPARATOR):
                text += token[2:] if token.startswith("##") else token if token in ".,?!:" else " " + token
        return text.removeprefix(" ")

    def save(self, folder):
        """Writes what Hugging Face's BertTokenizer reads: tokenizer.json, tokenizer_config.json, vocab.txt. Returns the folder."""
        folder = Path(folder)
        settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": self.lowercase, "strip_accents": None, "tokenize_chinese_chars": True,
                    **{f"{name}_token": token for name, token in zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL)}}
        (folder / "vocab.txt").write_text("\n".join(self.tokens) + "\n", encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        (folder / "tokenizer.json").write_text(json.dumps(self._to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return folder

    def _to_json(self):
        return json.loads(self.library.to_str())


def _library(ids, lowercase):
    """BERT's tokenizer of this vocabulary as Hugging Face's library has it."""
    library = Tokenizer(models.WordPiece(ids, unk_token=UNKNOWN, max_input_chars_per_word=100))
    library.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.post_processor = processors.TemplateProcessing(f"{START} $A {SEPARATOR}", f"{START} $A {SEPARATOR} $B:1 {SEPARATOR}:1",
                                                           [(token, ids[token]) for token in (START, SEPARATOR)])
    library.decoder = decoders.WordPiece()
    library.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    return library
