"""The flows, one file each; the list never depends on settings, since a shorter one would unregister triggers."""

from functions import (
    auto_heal,
    cosell_updates,
    deals,
    dynamics_events,
    health,
    leads,
    opportunities,
    parked,
    partner_center_events,
    referrals,
    refresh_token,
    solutions,
    status,
    webhook_registration,
)

BLUEPRINTS = (
    webhook_registration.bp,
    refresh_token.bp,
    partner_center_events.bp,
    referrals.bp,
    cosell_updates.bp,
    dynamics_events.bp,
    opportunities.bp,
    leads.bp,
    solutions.bp,
    auto_heal.bp,
    parked.bp,
    deals.bp,
    health.bp,
    status.bp,
)
