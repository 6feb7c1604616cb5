"""Which release this is: telemetry says it of every outcome, and a test holds it to pyproject.toml."""

RELEASE = "0.2.0"
