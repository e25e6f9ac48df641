"""Whether what is installed is new enough (a chapter asks once, in its first cell, and hears nothing if all is well), and what is missing."""
from importlib import import_module, metadata


def check_versions():
    """Raises ImportError that lists each package the course needs which is missing or too old, with the line to install."""
    try:
        from packaging.requirements import Requirement
        needed = [Requirement(line) for line in metadata.requires("lmcourse") or []]
    except metadata.PackageNotFoundError:               # run from a checkout, without being installed
        return
    wrong = []
    for requirement in needed:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append((requirement, "is missing"))
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append((requirement, f"is version {version}"))
    if wrong:
        raise ImportError("; ".join(f"{requirement.name} {what}, the course needs {requirement.specifier}" for requirement, what in wrong)
                          + ". Install: pip install " + " ".join(f"'{requirement.name}{requirement.specifier}'" for requirement, _ in wrong))


def library(module, what, package):
    """A module that only `what` needs, imported; ImportError that names the line to install where it, or what it imports, is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise ImportError(f"{what} needs {missing.name}. Install it with:\n    pip install {package}") from missing
