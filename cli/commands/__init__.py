"""The commands, one file each: a function `add` that adds its command or group to the tool.

What the list says of a command stands here too, since the list is shown without importing any of them.
"""

from __future__ import annotations

from cli.later import Later

COMMANDS = (
    Later(
        "login",
        "cli.commands.login",
        "Sign in to Partner Center with multi-factor authentication, and store the refresh token in Key Vault.",
    ),
    Later("doctor", "cli.commands.doctor", "Check everything that must hold before going live. It changes nothing."),
    Later(
        "explain",
        "cli.commands.deals",
        "Explain a deal: both sides, the link, what would be written and why, and why anything is left alone.",
    ),
    Later("deals", "cli.commands.deals", "The deals of this installation: list, show, explain, replay."),
    Later("parked", "cli.commands.parked", "Deals that wait for a person: list, replay, drop."),
    Later(
        "sync",
        "cli.commands.sync",
        "Have deals looked at: a signal each, worked on by the functions. A run that was stopped goes on.",
    ),
    Later(
        "adopt",
        "cli.commands.adopt",
        "Link opportunities and referrals that name each other already; equal values are settled, others are listed.",
    ),
    Later(
        "export",
        "cli.commands.export",
        "Write the tested set-up (no secrets, no addresses) into one file, to be imported elsewhere.",
    ),
    Later(
        "import",
        "cli.commands.importing",
        "Show where a tested set-up differs from this installation, and prepare to take it over.",
    ),
    Later(
        "provision",
        "cli.commands.provision",
        "Make the columns, tables, form tab, webhook and role that are missing in Dynamics 365.",
    ),
    Later("solutions", "cli.commands.solutions", "The catalogue of Microsoft solution details in Dynamics 365."),
    Later("webhook", "cli.commands.webhook", "Where Partner Center's events go."),
    Later(
        "go-live",
        "cli.commands.go_live",
        "Set MODE=live on the deployed app and have Partner Center's events sent to it. Refused while doctor fails.",
    ),
    Later(
        "columns",
        "cli.commands.columns",
        "List the columns of a Dynamics 365 table: logical name, label, type, length, options.",
    ),
)
