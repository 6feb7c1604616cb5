# noqa: INP001 - a script of the workflow and of azd, and in no package
"""Before a deployment: it sets all app settings, MODE too, and must not silently stop what is live.

    python infra/hooks/stays_live.py infra/main.bicepparam

Ends with 1 where the app of AZURE_ENV_NAME is live and MODE is not, and where Azure does not tell. A file that reads no
MODE, like staging's, means what it says. Only the standard library and the Azure CLI are needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

LIVE = "live"
READS_MODE = "readEnvironmentVariable('MODE'"
SITES = "[?type=='Microsoft.Web/sites'].id"
STOPS = """MODE is live in {app}, and this deployment would set it to {mode}: nothing would be written any more.
To keep it live:  azd env set MODE live  (in the workflow: gh variable set MODE --env ENVIRONMENT --body live)
To end it first:  cosell go-live --undo"""


def az(*words: str) -> list[str]:
    """The lines of an answer of the Azure CLI; the end where it fails, after its own words."""
    program = shutil.which("az") or sys.exit("the Azure CLI is needed to see whether the app is live")
    done = subprocess.run([program, *words, "--output", "tsv"], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        sys.exit("Azure did not tell whether the app is live, so nothing is deployed; often `az login` helps")
    return done.stdout.split()


def live(environment: str) -> list[str]:
    """The apps of this environment that write; none where it is not there yet."""
    there = os.environ.get("AZURE_SUBSCRIPTION_ID")
    where = ("--subscription", there) if there else ()
    sites = az("resource", "list", "--tag", f"azd-env-name={environment}", "--query", SITES, *where)
    mode = ("--query", "[?name=='MODE'].value")
    return [site for site in sites if az("webapp", "config", "appsettings", "list", "--ids", site, *mode) == [LIVE]]


def main(parameters: str) -> None:
    wanted = os.environ.get("MODE") or "test"
    if wanted == LIVE or READS_MODE not in Path(parameters).read_text(encoding="utf-8"):
        return
    for site in live(os.environ.get("AZURE_ENV_NAME") or sys.exit("AZURE_ENV_NAME has to say which installation")):
        sys.exit(STOPS.format(app=site.rpartition("/")[2], mode=wanted))


if __name__ == "__main__":
    main(sys.argv[1])
