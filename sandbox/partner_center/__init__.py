"""Partner Center's referrals and webhooks, simulated from what Microsoft documents and what users of it observed."""

from sandbox.partner_center.app import create_app

__all__ = ["create_app"]
