"""Makes one app directory importable, and another one's `function_app` forgotten."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path

from sandbox.host.errors import IndexRefusedError

SCRIPT = "function_app"


@contextmanager
def importable(app_dir: Path) -> Iterator[None]:
    """Put the app first on the path for its import; it stays there, for imports inside functions."""
    if not (app_dir / f"{SCRIPT}.py").is_file():
        raise IndexRefusedError(f"no {SCRIPT}.py in {app_dir}: no functions were found")
    folder = str(app_dir)
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    sys.modules.pop(SCRIPT, None)
    invalidate_caches()
    yield


def refuse_foreign(app_dir: Path) -> None:
    """Make sure that the module that was imported is this app's own."""
    module = sys.modules.get(SCRIPT)
    found = getattr(module, "__file__", None)
    if module is not None and (found is None or Path(found).parent.resolve() != app_dir.resolve()):
        raise IndexRefusedError(f"{SCRIPT} was imported from {found}, not from {app_dir}")


def forget(app_dir: Path) -> None:
    """Take the app off the path again."""
    sys.modules.pop(SCRIPT, None)
    if str(app_dir) in sys.path:
        sys.path.remove(str(app_dir))
