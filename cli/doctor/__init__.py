"""Everything that must hold before going live, looked at without changing anything: `diagnose(tools)`."""

from cli.doctor.diagnosis import diagnose
from cli.doctor.finding import Finding, Line, Report, State

__all__ = ["Finding", "Line", "Report", "State", "diagnose"]
