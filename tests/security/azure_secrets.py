"""What Azure's own secrets look like, for the scan: detect-secrets knows a storage account's key after its name alone.

Each carries a mark by which it can be told, so that a find is no guess. The marks are Microsoft's own, made to be
found: see its rules SEC101/152 (storage), 156 (Entra) and 158 (Functions), and the `sig` of a SAS address.
"""

from __future__ import annotations

import re

from detect_secrets.plugins.base import RegexBasedDetector


class AzureSecret(RegexBasedDetector):
    """One plugin for all of them: the scan asks each plugin about each line."""

    secret_type = "Azure secret"
    denylist = (
        re.compile(r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])"),  # an application's secret in Entra
        re.compile(r"(?<![\w-])[\w-]{44}AzFu[\w-]{5}[AQgw]=="),  # a key of a function or of the host
        re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{5}[AQgw]=="),  # a storage account's key
        re.compile(r"[?&;]sig=[A-Za-z0-9%+/]{43,}={0,2}"),  # a shared access signature
    )
