"""What an installation wishes of its own: `customize.yaml`, validated before anything is done under it."""

from __future__ import annotations

from shared.customize.fault import Fault, Wrong
from shared.customize.read import NONE, Customization, customization, faults, json_schema

__all__ = ["NONE", "Customization", "Fault", "Wrong", "customization", "faults", "json_schema"]
