"""What each connector has to know of the settings."""

from __future__ import annotations

from shared.connectors import dynamics, partner_center
from shared.connectors.partner_center.verifier import Verifier, open_verifier
from shared.customize import Customization
from shared.platform.outside import Outside
from shared.settings import Settings


def partner_config(settings: Settings, custom: Customization) -> partner_center.Config:
    return partner_center.Config(
        api_url=settings.partner_center_api_url,
        webhook_api_url=settings.partner_center_webhook_api_url,
        organization=settings.partner_center_organization_id,
        pairs=custom.wishes.pairs,
    )


def crm_config(settings: Settings, custom: Customization) -> dynamics.Config:
    return dynamics.Config(
        url=settings.dataverse_url,
        prefix=settings.dataverse_prefix,
        own_prefix=settings.own_prefix,
        deal_value_field=settings.deal_value_field,
        deal_currency_field=settings.deal_currency_field,
        country_code_field=settings.country_code_field,
        default_owner=settings.default_owner,
        show_mark=settings.show_checkmark,
        pair=settings.pair,
        tag=settings.tag,
        concurrency=settings.dataverse_concurrency,
        custom=custom,
    )


def verifier(settings: Settings, world: Outside) -> Verifier:
    return open_verifier(
        client=world.client,
        clock=world.clock,
        hosts=settings.webhook_certificate_hosts,
        aia_hosts=settings.webhook_aia_hosts,
        issuer=settings.webhook_certificate_issuer,
        roots_path=settings.webhook_trusted_roots,
    )
