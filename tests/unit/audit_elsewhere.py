"""Texts of the core and the connectors that no Audit line shows, each with where it goes instead."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ELSEWHERE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "link, logs and `cosell explain`, since nothing is new to the seller": (
            "both sides agree",
            "nothing new since the last look",
            "… was edited on both sides: …",
            "COSELL_ONLY is on and this is a lead",
            "closed before it was ever synchronised",
            "older than the first start: shared only on request",
            "synchronisation is off for it in …",
            "synchronisation is switched off for it in …",
            "a lead of the CRM's own: it may become a referral once it is a deal",
            "both its records are gone",
            "it does not exist in …",
            "it is another organisation's referral, and none of ours is beside it",
            "its referral has ended, and a lead alone is none",
            "it was a lead, and its deal goes on as an opportunity of its own",
            "its record in … is gone",
            "announced and not readable yet in …",
            "it is looked at again when its delay is over",
        ),
        "owed: told once it is done": (
            "an invitation of Microsoft",
            "the link",
            "an Audit line",
            "…. Owed: …",
        ),
        "delayed or paused: time mends it, and the seller is told nothing": (
            "another worker is at this deal",
            "the outcome of an unanswered creation is looked up when it is certain",
            "the lead was qualified, and its opportunity is not shown yet",
            "link store",
            "the link was changed by another worker",
            "the lease ran out before the write began",
            "Check that nothing between here and there answers in its place",
            "Give the account that is used the role it needs",
            "Sign in again or check the permissions of the account that is used",
            "the answer is not JSON",
            "the new opportunity could not be read",
            "the opportunity could not be read after the write",
            "the lead could not be read after the write",
            "Somebody else added the same solution at the same time",
            "Add the application user to this environment and give it a security role",
            "Give the application user a security role with the privilege that the message names",
            "Let the application user read and update the secured columns",
            "referral … was written but is not shown yet",
            "Sign in to Partner Center again (Secure Application Model) and store the new refresh token",
            "The account that is used must be Referrals admin in Partner Center, and call as a user",
            "it said to wait, so nothing was sent",
            "no answer came (…)",
            "no answer within … s",
            "no connection could be made (…)",
            "the answer is larger than … bytes, or oddly packed",
            "the request could not be sent (…)",
            "this worker's requests are too slow: there was none to spare for one more",
            "a number beyond every limit",
        ),
        "health, while signals wait": (
            "DEFAULT_OWNER is …, which names …: give an id, mail address or name",
            "no enabled user and no owner team",
            "… users or teams",
            "Dynamics 365 has no tables of Microsoft solutions, or more than one pair of them: a table labelled "
            "Microsoft Solution that belongs to opportunity, with a lookup to Microsoft Solution Detail",
            "Turn on change tracking for the table",
        ),
        "what registering the webhook comes to": (
            "Check PUBLIC_URL: Partner Center registers https addresses that the Internet can reach",
            "Consent to the application's delegated permission Microsoft Partner Center (user_impersonation) as a user "
            "with the Referrals admin role, and store the new refresh token",
            "the file is larger than … bytes, or compressed",
        ),
        "a field that is never planned there, or a mistake of ours": (
            "Partner Center takes the customer's name and address only when a deal is created",
            "a deal is registered once it is won and Microsoft can see it",
            "only Microsoft sets this",
            "only a record that this gateway read can be written by it",
            "a change needs a record that this gateway read",
            "an invitation needs the own referral as its parent",
            "an answer of an asynchronous client is read asynchronously",
        ),
        "a part of what the page has as a whole": ("Status stays: …", " (request …)", "no reason was given"),
        "no words for people": (
            "microsoft corporation",
            "Bearer …",
            r"required field\s+(.+?)\s+(?:is\s+)?missing",
            r"try again in (\d+) seconds?",
            "createdDateTime desc",
            "createdon asc",
            "statecode eq 0",
            "… and statecode eq 0",
            "… and _parentcustomerid_value eq … and …",
            "isdisabled eq false and applicationid eq null",
            "isdisabled eq false and …",
            "systemuserid eq ",
            "teamid eq ",
            "teamtype ne 1",
            "_originatingleadid_value eq …",
        ),
    }
)
ELSEWHERE_TEXTS = frozenset(text for texts in ELSEWHERE.values() for text in texts)
