"""Tokenizers: text to numbers and back, without losing a character.

`CharTokenizer` and `WordTokenizer` have one number for each character or word they were trained on and refuse any other.
`BPETokenizer` starts from the 256 bytes and merges the most frequent neighbours (byte-pair encoding; Sennrich et al., 2016;
on bytes: Radford et al., 2019), so it can write any text. All load and save Hugging Face's `tokenizer.json`.
"""
import difflib
import json
from collections import Counter
from pathlib import Path

import regex

END = "<|endoftext|>"
CHARACTERS = regex.compile(r"[\s\S]")                   # what a character is: one code point
WORDS = regex.compile(r"[.?:]|[^\s.?:]+")               # what a word is to the WordTokenizer
PIECES = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")   # GPT-2's
DIGITS = regex.compile(r"\p{N}|\P{N}+")                 # each digit apart, then what stands between them


def _checked(text):
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, not {type(text).__name__}; decode bytes first, as in data.decode('utf-8')")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"not text: character {error.start} is half of a surrogate pair ({text[error.start]!r})") from None
    return text


class _Tokenizer:
    """What all share: a list of tokens, whose index is the id, among them special ones, of which two stand around a text."""
    special, ends = (END,), (END, END)

    def __init__(self, tokens):
        self.tokens = list(tokens)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self.ids) < len(self.tokens):
            raise ValueError(f"a token is listed twice: {Counter(self.tokens).most_common(1)[0][0]!r}")
        if missing := [token for token in self.special if token not in self.ids]:
            raise ValueError(f"the vocabulary lacks the special token {missing[0]!r}")
        self.start_id, self.end_id = (self.ids[token] for token in self.ends)

    def __len__(self):
        return len(self.tokens)

    def _token(self, i):
        if not 0 <= int(i) < len(self.tokens):
            raise ValueError(f"no token has the id {int(i)}; ids go from 0 to {len(self.tokens) - 1}")
        return self.tokens[int(i)]

    def rows(self, texts):
        """Each text as one row of ids, from its start token to its end token: [start_id, ..., end_id]."""
        return [[self.start_id, *self.encode(text), self.end_id] for text in texts]

    def save(self, path):
        """Writes Hugging Face's tokenizer.json (a folder gets a file of that name). Returns the path."""
        path = Path(path)
        path = path / "tokenizer.json" if path.is_dir() else path
        path.write_text(json.dumps(self._to_json(), ensure_ascii=False, indent=1), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path):
        """Reads a tokenizer.json of this kind (or the one in a folder). ValueError if it is of another kind."""
        tokenizer = load_tokenizer(path)
        if not isinstance(tokenizer, cls):
            raise ValueError(f"{path} holds a {type(tokenizer).__name__}, not a {cls.__name__}")
        return tokenizer


def load_tokenizer(path):
    """The tokenizer in a tokenizer.json (or in the folder that holds one), of whichever kind it is."""
    path = Path(path)
    path = path / "tokenizer.json" if path.is_dir() else path
    if not path.exists():
        raise FileNotFoundError(f"no tokenizer at {path}")
    data = json.loads(path.read_text(encoding="utf-8"))
    model = data["model"]
    vocabulary = {**model["vocab"], **{token["content"]: token["id"] for token in data["added_tokens"]}}
    tokens = sorted(vocabulary, key=vocabulary.get)
    if model["type"] not in ("WordLevel", "BPE", "WordPiece"):
        raise ValueError(f"{path}: model type {model['type']!r} is not known here; WordLevel, BPE and WordPiece are")
    if list(map(vocabulary.get, tokens)) != list(range(len(tokens))):
        raise ValueError(f"{path}: the ids are not 0 to {len(tokens) - 1}, each once")
    if model["type"] == "WordPiece":
        from .tokenizers_wordpiece import WordPieceTokenizer
        return WordPieceTokenizer(tokens, lowercase=bool((data.get("normalizer") or {}).get("lowercase")))
    cut = data.get("pre_tokenizer") or {}
    if model["type"] == "WordLevel":
        return (CharTokenizer if cut.get("pattern", {}).get("Regex") == CHARACTERS.pattern else WordTokenizer)(tokens)
    parts = cut.get("pretokenizers") or [cut]
    split_digits = parts[0].get("type") == "Digits" and bool(parts[0].get("individual_digits"))
    cut = parts[-1] if len(parts) == 1 + split_digits else {}
    before = data.get("normalizer") or {"type": "Prepend", "prepend": ""}
    as_gpt2 = cut.get("type") == "ByteLevel" and cut.get("use_regex", True) and not cut.get("add_prefix_space")
    if not as_gpt2 or before.get("prepend") not in ("", " "):
        raise ValueError(f"{path}: this BPE cuts or changes its text in another way than GPT-2's; its ids would come out wrong here")
    merges = [tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair) for pair in model["merges"]]
    return BPETokenizer(merges, tokens, before["prepend"], split_digits)


class CharTokenizer(_Tokenizer):
    """One id a character, that is a code point: an emoji made of several is several tokens."""

    @classmethod
    def train(cls, texts):
        """The vocabulary is every character of `texts`, sorted, after the special token."""
        return cls([END, *sorted({character for text in texts for character in _checked(text)})])

    def encode(self, text):
        """list of ids. ValueError for a character that was not in the training texts."""
        for character in _checked(text):
            if character not in self.ids:
                raise ValueError(f"{character!r} (U+{ord(character):04X}) is not among the {len(self)} characters of the training texts")
        return [self.ids[character] for character in text]

    def decode(self, ids):
        """The text."""
        return "".join(map(self._token, ids))

    def _to_json(self):
        return {**_shared(self.end_id), "decoder": {"type": "Fuse"}, "model": {"type": "WordLevel", "vocab": self.ids, "unk_token": END},
                "pre_tokenizer": {"type": "Split", "pattern": {"Regex": CHARACTERS.pattern}, "behavior": "Isolated", "invert": False}}


class WordTokenizer(_Tokenizer):
    """One id a word; `.`, `?` and `:` are words of their own. Other spacing than single spaces is not kept."""

    @classmethod
    def train(cls, texts):
        """The vocabulary is every word of `texts`, sorted, after the special token."""
        return cls([END, *sorted({word for text in texts for word in WORDS.findall(_checked(text))} - {END})])

    def encode(self, text):
        """list of ids. ValueError for a word that was not in the training texts."""
        words = WORDS.findall(_checked(text))
        for word in words:
            if word not in self.ids:
                near = difflib.get_close_matches(word, self.tokens, 1)
                raise ValueError(f"{word!r} is not among the {len(self)} words" + (f"; did you mean {near[0]!r}?" if near else ""))
        return [self.ids[word] for word in words]

    def decode(self, ids):
        """Words with single spaces between them, none before . ? and :"""
        return "".join(t if t in ".?:" else " " + t for t in map(self._token, ids)).removeprefix(" ")

    def _to_json(self):
        return {**_shared(self.end_id), "model": {"type": "WordLevel", "vocab": self.ids, "unk_token": END},
                "pre_tokenizer": {"type": "Split", "pattern": {"Regex": WORDS.pattern}, "behavior": "Removed", "invert": True}}


def _byte_letters():
    """GPT-2's printable letter for each of the 256 bytes: visible ones stand for themselves, the others move up."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {**{byte: chr(byte) for byte in visible}, **{byte: chr(256 + i) for i, byte in enumerate(hidden)}}


LETTER = _byte_letters()                                # byte -> letter; a space is "Ġ"
BYTE = {letter: byte for byte, letter in LETTER.items()}


class BPETokenizer(_Tokenizer):
    """Byte-level byte-pair encoding. `merges` lists the pairs in the order in which they were learnt, as GPT-2's letters.

    A space is put before the text and taken away again, so that its first word is the same token as anywhere else; with
    prefix="" it is not, as in GPT-2. The characters `<|endoftext|>` inside a text are text; only `end_id` is the special token.
    With split_digits every digit is a token of its own, so that numbers are read digit by digit (as in Llama; Touvron et al., 2023).
    """
    def __init__(self, merges, tokens=None, prefix=" ", split_digits=False):
        if prefix not in ("", " "):
            raise ValueError(f"prefix={prefix!r}; it is one space, or empty as in GPT-2")
        self.merges, self.prefix, self.split_digits = [tuple(pair) for pair in merges], prefix, split_digits
        super().__init__(tokens or dict.fromkeys([*LETTER.values(), *("".join(pair) for pair in self.merges), END]))
        for pair in self.merges:
            if not {*pair, "".join(pair)} <= self.ids.keys():
                raise ValueError(f"the merge {pair!r} needs a token that is not in the vocabulary")
        self.ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._known = {}                                # piece -> ids, since words come again and again

    @classmethod
    def train(cls, texts, vocab_size=None, library=None):
        """Learns merges from `texts` until the vocabulary has `vocab_size` tokens (256 bytes and the special one
        included), or, without a size, until every piece of the texts is one token.

        library: True trains by Hugging Face's `tokenizers`, False by the lines below; both find the same merges. By
        default the library trains where the text is long enough to make a difference.
        """
        if vocab_size is not None and vocab_size < 257:
            raise ValueError(f"vocab_size={vocab_size}: 256 bytes and {END!r} already make 257")
        counts = Counter(piece for text in texts for piece in PIECES.findall(" " + _checked(text)))
        most = 257 + sum(len(piece.encode("utf-8")) - 1 for piece in counts)          # every piece one token, nothing shared
        size = min(vocab_size or most, most)
        by_library = most > 20_000 if library is None else library
        return cls((_learn_by_library if by_library else _learn)(counts, size - 1))

    def learned(self):
        """[(left, right)] in the order in which they were learnt, readable: ("t", "h"), (" ", "the"), ("<0xE4><0xBD>", "<0xA0>")."""
        return [(readable(left), readable(right)) for left, right in self.merges]

    def steps(self, text):
        """How `encode` gets to its tokens: [(pair, tokens)], all readable. First (None, the bytes); then for each merge the
        pair and what the whole text is after it: always the pair that was learnt first, everywhere it occurs."""
        pieces = [_letters(piece) for piece in self._pieces(text)]
        steps, pair = [], None
        while pair or not steps:
            steps.append((pair and tuple(map(readable, pair)), [readable(part) for parts in pieces for part in parts]))
            found = {pair for parts in pieces for pair in zip(parts, parts[1:])} & self.ranks.keys()
            pair = min(found, key=self.ranks.get, default=None)
            pieces = [_merge(parts, pair) for parts in pieces]
        return steps

    def _pieces(self, text):
        whole = self.prefix + text if _checked(text) else ""
        return [piece for part in (DIGITS.findall(whole) if self.split_digits else [whole]) for piece in PIECES.findall(part)]

    def encode(self, text):
        """list of ids, for any text. TypeError or ValueError for what is not text, or has a byte that the vocabulary was given without."""
        return [i for piece in self._pieces(text) for i in self._piece(piece)]

    def _piece(self, piece):
        if piece not in self._known:
            parts = _letters(piece)
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
                if best not in self.ranks:
                    break
                parts = _merge(parts, best)
            if unknown := [part for part in parts if part not in self.ids]:
                raise ValueError(f"{piece!r} holds the byte 0x{BYTE[unknown[0]]:02X}, for which this vocabulary has no token")
            self._known[piece] = [self.ids[part] for part in parts]
        return self._known[piece]

    def decode(self, ids):
        """The text. Bytes that are no UTF-8 come out as U+FFFD, as when a model stops in the middle of a character."""
        text, run = [], bytearray()
        for token in map(self._token, ids):
            if token == END:
                text.append(run.decode("utf-8", "replace") + END)
                run.clear()
            else:
                run += bytes(BYTE[letter] for letter in token)
        text = "".join(text) + run.decode("utf-8", "replace")
        return text.removeprefix(self.prefix)

    def _to_json(self):
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        cut = {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level]} if self.split_digits else byte_level
        strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
        return {**_shared(self.end_id), "normalizer": {"type": "Prepend", "prepend": " "} if self.prefix else None,
                "pre_tokenizer": cut,
                "decoder": {"type": "Sequence", "decoders": [byte_level, strip]} if self.prefix else byte_level,
                "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                          "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                          "vocab": self.ids, "merges": [list(pair) for pair in self.merges]}}


def readable(part):
    """A token's own characters, " red"; its bytes where they are no whole characters, "<0xE4><0xBD>". `part`: GPT-2's letters."""
    data = bytes(BYTE[letter] for letter in part)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in data)


def _letters(piece):
    return tuple(LETTER[byte] for byte in piece.encode("utf-8"))


def _learn(counts, size):
    """Merges from {piece: how often}, until there are `size` tokens: the most frequent pair becomes one token, again and
    again. Of equally frequent pairs the one that consists of the older tokens comes first, as in Hugging Face's library."""
    words = {piece: _letters(piece) for piece in counts}
    age = {letter: i for i, letter in enumerate(LETTER.values())}
    merges = {}                                         # in order; a pair that comes up again moves to the end
    while len(age) < size:
        pairs = Counter()
        for piece, parts in words.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += counts[piece]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], age[pair[0]], age[pair[1]]))
        merges.pop(best, None)
        merges[best] = True
        age.setdefault("".join(best), len(age))         # two ways to one token: it keeps its age
        words = {piece: _merge(parts, best) for piece, parts in words.items()}
    return list(merges)


def _learn_by_library(counts, size):
    """The same by Hugging Face's `tokenizers`, which keeps counts instead of counting again."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)      # the pieces are cut already
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(counts.elements(), trainer)
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def _merge(parts, pair):
    """Every occurrence of `pair`, from the left, becomes one part."""
    merged, i = [], 0
    while i < len(parts):
        if parts[i:i + 2] == pair:
            merged.append(parts[i] + parts[i + 1])
            i += 2
        else:
            merged.append(parts[i])
            i += 1
    return tuple(merged)


def _shared(end_id):
    """What every tokenizer.json of ours begins with."""
    special = {"id": end_id, "content": END, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [special], "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None}
