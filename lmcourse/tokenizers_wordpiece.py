"""WordPiece, BERT's tokenizer: words, and where a word is not known its longest known pieces (Devlin et al., 2019)."""
import json
import unicodedata
from pathlib import Path

import regex

PAD, UNKNOWN, START, SEPARATOR, MASK = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST = 100                                           # letters of a word; a longer one is unknown
NOISE = regex.compile(r"[\0\ufffd\p{Cs}]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]")   # control characters, taken out of a text
HAN = regex.compile("([\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f\U0002b920-\U0002ceaf"
                    "\uf900-\ufaff\U0002f800-\U0002fa1f])")                 # what BERT takes for Chinese: each a word of its own
WORDS = regex.compile(r"[!-/:-@\[-`{-~\p{P}]|[^\p{White_Space}!-/:-@\[-`{-~\p{P}]+")


class WordPieceTokenizer:
    """`tokens` is the vocabulary in the order of the ids; a piece that goes on a word begins with ##.

    With `lowercase` capitals and accents are taken away first, as in BERT's uncased models. A special token's name inside
    a text is text, but for [MASK], which stands for itself. Equal to Hugging Face's BertTokenizer.
    """
    def __init__(self, tokens, lowercase=False):
        self.tokens, self.lowercase = list(tokens), lowercase
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if missing := [token for token in SPECIAL if token not in self.ids]:
            raise ValueError(f"the vocabulary lacks the special token {missing[0]!r}")
        self.pad_id, self.unknown_id, self.start_id, self.end_id, self.mask_id = (self.ids[token] for token in SPECIAL)

    def __len__(self):
        return len(self.tokens)

    def words(self, text):
        """The text's words and marks, each of which is cut into pieces by itself."""
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, not {type(text).__name__}; decode bytes first, as in data.decode('utf-8')")
        found = []
        for at, part in enumerate(text.split(MASK)):
            part = HAN.sub(r" \1 ", NOISE.sub("", part))
            if self.lowercase:
                part = "".join(map(str.lower, regex.sub(r"\p{Mn}", "", unicodedata.normalize("NFD", part))))      # each by itself: no final sigma
            found += [*([MASK] if at else []), *WORDS.findall(part)]
        return found

    def encode(self, text):
        """list of ids, without [CLS] and [SEP]. A word that no pieces make up is [UNK]."""
        return [i for word in self.words(text) for i in self.pieces(word)]

    def pieces(self, word):
        """The ids of one word: the longest piece that fits, again and again."""
        if word == MASK:
            return [self.mask_id]
        found, at = [], 0
        while at < len(word) <= LONGEST:
            ends = (end for end in range(len(word), at, -1) if ("##" if at else "") + word[at:end] in self.ids)
            if not (end := next(ends, 0)):
                return [self.unknown_id]
            found.append(self.ids[("##" if at else "") + word[at:end]])
            at = end
        return found or [self.unknown_id]

    def decode(self, ids):
        """Words with single spaces between them, none before . , ? ! and :, without [CLS], [SEP] and [PAD]."""
        text = ""
        for i in ids:
            if not 0 <= int(i) < len(self.tokens):
                raise ValueError(f"no token has the id {int(i)}; ids go from 0 to {len(self.tokens) - 1}")
            token = self.tokens[int(i)]
            if token not in (PAD, START, SEPARATOR):
                text += token[2:] if token.startswith("##") else token if token in ".,?!:" else " " + token
        return text.removeprefix(" ")

    def rows(self, texts):
        """Each text as one row of ids: [CLS] ... [SEP]."""
        return [[self.start_id, *self.encode(text), self.end_id] for text in texts]

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
        added = [{"id": self.ids[token], "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                  "special": True} for token in SPECIAL]
        one = lambda token: {"SpecialToken": {"id": token, "type_id": 0}}
        sequence = lambda name, kind: {"Sequence": {"id": name, "type_id": kind}}
        pair = [one(START), sequence("A", 0), one(SEPARATOR), sequence("B", 1), {"SpecialToken": {"id": SEPARATOR, "type_id": 1}}]
        specials = {token: {"id": token, "ids": [self.ids[token]], "tokens": [token]} for token in (START, SEPARATOR)}
        return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
                "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                               "lowercase": self.lowercase},
                "pre_tokenizer": {"type": "BertPreTokenizer"},
                "post_processor": {"type": "TemplateProcessing", "single": pair[:3], "pair": pair, "special_tokens": specials},
                "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
                "model": {"type": "WordPiece", "unk_token": UNKNOWN, "continuing_subword_prefix": "##", "max_input_chars_per_word": LONGEST,
                          "vocab": self.ids}}
