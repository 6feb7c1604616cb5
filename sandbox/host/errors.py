"""What can be wrong with an app or its configuration before anything runs.

HostError
 ├── IndexRefusedError   the runtime refuses the app: the platform would load no function at all
 ├── HostJsonError       host.json cannot be read or holds a value that the platform does not take
 └── SettingsError       local.settings.json cannot be read
"""


class HostError(Exception):
    """Anything that keeps the host from starting."""


class IndexRefusedError(HostError):
    """The runtime refuses the app as a whole."""


class HostJsonError(HostError):
    """host.json is missing, malformed or out of range."""


class SettingsError(HostError):
    """local.settings.json is malformed."""


def one_line(error: Exception) -> str:
    """Give the sentence of an error; the SDK's go on with request ids over several lines."""
    return next(iter(str(error).splitlines()), type(error).__name__)
