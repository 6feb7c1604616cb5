"""Dataverse and Dynamics 365 Sales as a local server, written from the vendor's documentation alone."""

from sandbox.dynamics.app import create_app
from sandbox.dynamics.tables_connector import SolutionTables

__all__ = ["SolutionTables", "create_app"]
