"""What to do about each refusal of a sign-in, by Entra's own code.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from shared.errors import AccessLost
from shared.platform.identity import identity_errors

REDIRECT = (
    "In Entra, App registrations, the application, Authentication: add the platform Web with the redirect URI "
    "http://localhost (a port makes no difference)"
)
CONSENT = (
    "Have an administrator grant consent to the application's permissions: user_impersonation of Microsoft Partner, "
    "and of Microsoft Partner Center for the webhook"
)
TENANT = "Sign in as a user of the partner tenant, the one that PARTNER_CENTER_TENANT_ID names"
SECRET = "Check PARTNER_CENTER_CLIENT_SECRET: the value of the application's secret, not its id, and not expired"  # noqa: S105 - a sentence
POLICY = "Conditional Access of your organisation forbids this way to sign in: leave out --device-code, or ask for it"
PUBLIC = (
    "The application allows public client flows, and a refresh token of such a sign-in is not redeemed together with "
    "a secret: switch that off (Authentication, Allow public client flows), or leave out --device-code"
)
ADVICE: Mapping[str, str] = {
    "AADSTS50011": REDIRECT,
    "AADSTS500112": REDIRECT,
    "AADSTS65001": CONSENT,
    "AADSTS65004": "Sign in again and accept what the application asks for, or have an administrator consent to it",
    "AADSTS90094": CONSENT,
    "AADSTS50020": TENANT,
    "AADSTS50034": TENANT,
    "AADSTS90002": "Check PARTNER_CENTER_TENANT_ID: Entra knows no such tenant",
    "AADSTS700016": "Check PARTNER_CENTER_CLIENT_ID: that tenant knows no such application",
    "AADSTS7000215": SECRET,
    "AADSTS7000222": SECRET,
    "AADSTS7000218": SECRET,
    "AADSTS700025": PUBLIC,
    "AADSTS53003": POLICY,
    "AADSTS530034": POLICY,
    "AADSTS50199": POLICY,
    "AADSTS70018": "Somebody declined the sign-in on the device: begin again",
    "AADSTS50076": "Multi-factor authentication is asked for: sign in with it, and see that the user is registered",
    "AADSTS50079": "The user has to register for multi-factor authentication first: https://aka.ms/mfasetup",
}
UNKNOWN = "Look the code up at https://login.microsoftonline.com/error, and begin again"
# What Entra shows in the browser and tells nobody else.
IN_THE_BROWSER = ("AADSTS50011", "AADSTS50020", "AADSTS65001", "AADSTS700016")
NOBODY = "nobody came back from the sign-in in {minutes:g} minutes"


@contextmanager
def explained() -> Iterator[None]:
    """Failures of the sign-in service in our words, each with what to do about it."""
    try:
        with identity_errors("Entra", ""):
            yield
    except AccessLost as error:
        raise AccessLost(error.remote, advice=ADVICE.get(error.remote.code, UNKNOWN)) from error


def hints() -> str:
    """For whoever looks at a page of Entra's that says why it goes no further."""
    return "\n".join(f"{code} in the browser: {ADVICE[code]}." for code in IN_THE_BROWSER)
