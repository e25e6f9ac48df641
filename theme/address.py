"""What follows from the public address: is it one, whose repository is it, where is the book, where can its notebooks be opened? No Sphinx in here."""
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


# Where a notebook that lies on GitHub can be opened: each service takes owner/name/blob/branch/path.
LAUNCHERS = {"Colab": "https://colab.research.google.com/github/", "Kaggle": "https://kaggle.com/kernels/welcome?src=https://github.com/",
             "ModelScope": "https://modelscope.cn/notebook/share/github/"}


def launchers(address: str, source: str) -> dict[str, str]:
    """Return {service: link} of a served notebook, e.g. source "chapters/concepts/tokens.ipynb"; {} for an address that is not on GitHub."""
    name = repository(address)
    return {service: f"{start}{name}/blob/gh-pages/_sources/{source}" for service, start in LAUNCHERS.items()} if name else {}
