"""Set the book's public address, which stands in one place: `lmcourse_address` in _config.yml.

usage: address.py https://github.com/OWNER/REPOSITORY     (or the book's own https address; "" clears it)
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from theme.address import checked  # noqa: E402

CONFIG = ROOT / "_config.yml"
LINE = re.compile(r'^(\s*lmcourse_address: )".*"$', re.M)


def set_address(address: str, config: Path = CONFIG) -> str:
    """Write the checked address into the one line of the file; return it."""
    address = checked(address)
    text, count = LINE.subn(lambda match: f'{match.group(1)}"{address}"', config.read_text(encoding="utf8"))
    if count != 1:
        raise ValueError(f'{config.name} holds {count} lines `lmcourse_address: "..."`; it must hold one')
    config.write_text(text, encoding="utf8")
    return address


if __name__ == "__main__":
    try:
        address = set_address(sys.argv[1] if len(sys.argv) > 1 else "")
    except ValueError as error:
        sys.exit(str(error))
    print(f"The public address is now {address}; `make book` puts it into the pages." if address else
          "The public address is empty; the pages have no Colab button.")
