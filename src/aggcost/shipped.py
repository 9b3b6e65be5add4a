"""Where the files lie that come with the program: policies, and the project of the article's month.

The repository keeps them at its top (`policies/`, `fixtures/article/`); a wheel carries the same
files inside the package. Installed from the repository in editable form, there is only the former.
"""

from __future__ import annotations

from pathlib import Path

from aggcost.errors import InvariantError

_PACKAGE = Path(__file__).resolve().parent
_REPOSITORY = _PACKAGE.parent.parent


def policies() -> Path:
    """Return the folder of the policies that come with the program."""
    return _find("policies", "policies")


def article() -> Path:
    """Return the folder of the article's month: its `aggcost.yaml` and `prices.yaml`."""
    return _find("article", "fixtures/article")


def _find(in_wheel: str, in_repository: str) -> Path:
    for folder in (_PACKAGE / in_wheel, _REPOSITORY / in_repository):
        if folder.is_dir():
            return folder
    raise InvariantError(f"the installation is incomplete: no folder {in_wheel} beside {_PACKAGE}")
