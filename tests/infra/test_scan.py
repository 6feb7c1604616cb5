"""The runner of checkov: what it says of a report."""

from __future__ import annotations

import pytest

from tests.infra.scan import SKIPPED, judged

FINDING = {
    "check_id": "CKV_AZURE_1",
    "check_name": "Ensure that something is so",
    "file_path": "/modules/vault.bicep",
    "resource": "Microsoft.KeyVault/vaults.vault",
}
ALL = [FINDING | {"check_id": check} for check in SKIPPED]
LOG = (
    "[ERROR]  Failed to run check CKV_AZURE_189 on /somewhere/infra/modules/vault.bicep:Microsoft.KeyVault/vaults.vault"
)


def test_what_has_no_reason_is_found() -> None:
    """One finding beside all that is explained."""
    verdict = judged([*ALL, FINDING], unread=[], log="")
    assert verdict.found == (
        "CKV_AZURE_1 Ensure that something is so: /modules/vault.bicep Microsoft.KeyVault/vaults.vault",
    )


def test_what_was_left_out_is_named() -> None:
    """Files that were not read and checks that broke off: silence would look like health."""
    verdict = judged(ALL, unread=["main.bicep (line 1)"], log=LOG)
    assert list(verdict.lines()) == [
        "not read, and so not checked: main.bicep (line 1)",
        "not checked, because the check itself failed: CKV_AZURE_189 on vault.bicep",
        "nothing found",
    ]


def test_a_reason_that_nothing_needs_is_named() -> None:
    """The list of what is skipped does not outlive what it was for."""
    assert judged(ALL[1:], unread=[], log="").idle == (ALL[0]["check_id"],)


@pytest.mark.parametrize("check", SKIPPED)
def test_whatever_is_skipped_says_why(check: str) -> None:
    """Two words at least, and a check of checkov's for Azure."""
    assert check.startswith("CKV_AZURE_")
    assert len(SKIPPED[check].split()) >= 2
