"""What follows from the public address: is it one, whose repository is it, where is the book, what does Colab open? No Sphinx in here."""
import re
from urllib.parse import urlsplit


def checked(address: str) -> str:
    """Return the address without a slash at its end; raise ValueError if it is no http(s) URL."""
    parts = urlsplit(address)
    if address and (parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r'[\s"\'<>\\]', address)):
        raise ValueError(f"{address!r} is no public address; right would be https://github.com/OWNER/REPOSITORY or the book's own https://...")
    return address.rstrip("/")


def repository(address: str) -> str | None:
    """Return "owner/name" of an address on GitHub or GitHub Pages, else None."""
    parts = urlsplit(address)
    path = [piece for piece in parts.path.split("/") if piece]
    if parts.hostname == "github.com" and len(path) == 2:
        return "/".join(path)
    if (parts.hostname or "").endswith(".github.io") and len(path) <= 1:
        owner = parts.hostname.removesuffix(".github.io")
        return f"{owner}/{path[0] if path else parts.hostname}"
    return None


def book(address: str) -> str:
    """Return where readers find the book, with a slash at its end; "" for no address."""
    parts = urlsplit(address)
    if parts.hostname == "github.com" and repository(address):
        owner, name = repository(address).split("/")
        host = f"{owner.lower()}.github.io"
        return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"
    return address and address + "/"


def colab(address: str, source: str) -> str | None:
    """Return the Colab link of a served notebook, e.g. source "chapters/concepts/tokens.ipynb", or None where Colab cannot open it."""
    name = repository(address)
    return name and f"https://colab.research.google.com/github/{name}/blob/gh-pages/_sources/{source}"
