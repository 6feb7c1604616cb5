"""`python -m sandbox.demo [--keep]`: plays the tour; exit 0 when every scene was seen, 1 and the reason otherwise."""

import argparse
import asyncio
import io
import json
import signal
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

from sandbox.demo.setting_up import STEPS, empty_site
from sandbox.demo.story import SCENES, Story
from sandbox.host.azurite import AzuriteError
from sandbox.host.errors import HostError
from sandbox.people import ON_HOLD, REFERRAL, Json, NotSeenError, People
from sandbox.stack import FUNCTION_KEY, Stack, running

WIDTH = 116
LEFT, RIGHT = 57, 63
PORTS = {"host_port": 7071, "ports": (7081, 7082)}


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def play(stack: Stack) -> None:
    """Every scene, then both sides side by side."""
    story = Story(People(stack))
    for chapter, title, scene in SCENES:
        if chapter:
            say(f"\n{chapter}")
        await story.people.quiet()  # or a signal of the scene before would find the change, and flatter the time
        started = time.monotonic()
        seen = await scene(story)
        say(f"  {title:<{WIDTH - 12}}{time.monotonic() - started:5.1f} s")
        say(textwrap.fill(seen, WIDTH, initial_indent="    → ", subsequent_indent="      "))
    say()
    await table(story.people)


async def set_up(stack: Stack) -> None:
    """An environment that has nothing yet, with the administrator's tool."""
    say("\nSetting up an empty Dynamics 365 with `cosell`")
    async with empty_site(stack) as site:
        for title, step in STEPS:
            started = time.monotonic()
            seen = await step(site)
            say(f"  {title:<{WIDTH - 12}}{time.monotonic() - started:5.1f} s")
            say(f"    → {seen}")


async def table(people: People) -> None:
    """Each deal in one row: what Dynamics 365 shows, what Partner Center shows."""
    rows = await people.opportunities()
    referrals = {str(referral["id"]): referral for referral in await people.referrals()}
    say(f"{'Dynamics 365':<{LEFT}}  Partner Center")
    say(f"{'─' * LEFT}  {'─' * RIGHT}")
    for row in rows:
        referral = referrals.get(str(row[REFERRAL]))
        right = _referral(referral) if referral else "not shared"
        say(f"{_opportunity(row):<{LEFT}}  {right}")


def _opportunity(row: Json) -> str:
    state = {0: "open", 1: "won", 2: "lost"}[row["statecode"]]
    state = "on hold" if state == "open" and row["statuscode"] == ON_HOLD else state
    value = row["actualvalue"] if state == "won" else row["estimatedvalue"]
    return _columns(f"{row['name'][:26]:<27}", value, row["estimatedclosedate"], state)


def _referral(referral: Json) -> str:
    details = referral["details"]
    state = f"{referral['status']}/{referral['substatus']}"
    return _columns(f"{referral['name'][:24]:<25}", details["dealValue"], details["closingDateTime"][:10], state)


def _columns(name: str, value: float | str, closing: str, state: str) -> str:
    return f"{name}{float(value):>9,.0f}  {closing}  {state}"


def addresses(stack: Stack) -> None:
    say("\nEverything keeps running; Ctrl-C ends it.")
    say(f"  status page     {stack.host}/api/status?code={FUNCTION_KEY}")
    say(f"  functions       {stack.host}/api/health?code={FUNCTION_KEY}")
    say(f"  parked deals    {stack.host}/api/parked?code={FUNCTION_KEY}")
    say(f"  Partner Center  {stack.partner_center}/control/referrals")
    say(f"  Dynamics 365    {stack.dynamics}/api/data/v9.2/opportunities (Authorization: Bearer sandbox-seller)")
    say(f"  host log        {stack.log}")
    say("docs/sandbox.md says how to act on either side. The administrator's tool, in another terminal:")
    say(f"  python dev.py cosell --settings {settings_file(stack)} doctor")


def settings_file(stack: Stack) -> Path:
    """What the functions run on, for `cosell --settings`; beside the host's log, and gone with it."""
    file = stack.log.with_name("settings.json")
    file.write_text(json.dumps({**stack.settings, "PUBLIC_URL": stack.host}, indent=2) + "\n", encoding="utf-8")
    return file


async def tour(*, keep: bool) -> int:
    say("Both scenarios of Microsoft's connector, and what goes wrong, on this machine alone: no account is needed.")
    say("Starting Azure Storage, Partner Center and Dynamics 365 as local servers, and the functions host …")
    started = time.monotonic()
    async with running(**(PORTS if keep else {})) as stack:  # type: ignore[arg-type]  # two keyword arguments
        say(f"Everything answers after {time.monotonic() - started:.1f} s.\n")
        try:
            await play(stack)
            await set_up(stack)
        except NotSeenError as error:
            log = stack.log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
            say(f"\nThe tour stopped: {error}\n\nThe end of the host's log:\n" + "\n".join(log))
            return 1
        took = f"{time.monotonic() - started:.0f} s"
        say(f"\nAll {len(SCENES)} scenes were seen on both sides, and the set-up was checked, in {took}.")
        if keep:
            addresses(stack)
            await asyncio.Event().wait()
        say("`python dev.py demo --keep` leaves everything running, to look at and to play with; README.md says more.")
    return 0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py demo", description="Play the tour on this machine.")
    parser.add_argument("--keep", action="store_true", help="leave everything running afterwards, on fixed ports")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # redirected on Windows it has a code page without ✓ and →
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return asyncio.run(tour(keep=options.keep))
    except KeyboardInterrupt:
        say("\nStopped.")
        return 0 if options.keep else 130
    except (AzuriteError, HostError, OSError) as error:
        say(f"\nThe tour could not start: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
