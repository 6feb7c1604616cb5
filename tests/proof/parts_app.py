"""The product's own functions under a clock that a proof can set ahead, so that leases end without being waited for.

Nothing of the product is patched: its composition root takes the outside world as a value, and this one has another
clock in it. `CLOCK` names the file with the seconds; it is read at every look at the time.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import azure.functions as func

ROOT = Path(__file__).parents[2]
CLOCK = "PROOF_CLOCK"
SCRIPT = "from tests.proof.parts_app import functions\n\napp = functions()\n"


def folder(at: Path) -> Path:
    """A folder that a host takes for the app: the product's own host.json, and these functions."""
    at.mkdir()
    shutil.copyfile(ROOT / "host.json", at / "host.json")
    (at / "function_app.py").write_text(SCRIPT, encoding="utf-8")
    return at


def functions() -> func.FunctionApp:
    """What function_app.py makes, with the app made beforehand."""
    from functions import BLUEPRINTS  # noqa: PLC0415  only in a host's process, where its settings are
    from shared.bootstrap import App, use  # noqa: PLC0415
    from shared.platform.clock import SystemClock  # noqa: PLC0415
    from shared.platform.outside import outside  # noqa: PLC0415
    from shared.settings import reading  # noqa: PLC0415

    class Ahead(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=float(Path(os.environ[CLOCK]).read_text(encoding="utf-8")))

    found = reading()
    use(App(found, replace(outside(found.best), clock=Ahead())))
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    for blueprint in BLUEPRINTS:
        app.register_functions(blueprint)
    return app
