"""The switches of this simulator: what no public source settles, and what a scenario needs."""

from __future__ import annotations

from sandbox.faults import Switch, choice

SWITCHES = {
    # A status reason in a create body: kept, or the row comes back with the default one.
    "create_on_hold": choice("sticks", "in_progress"),
    # Whether customerid follows parentaccountid/parentcontactid and the other way round.
    "fill_customer": Switch(default=True),
    # What a closed opportunity takes: nothing, or its Audit, mark and marker, or any column.
    "closed_rows": choice("refuse", "allow_audit", "allow"),
    # A currency change is refused even without product lines.
    "currency_locked": Switch(default=False),
    # A column that nobody may write, in a body: passed over, or 400.
    "readonly_columns": choice("ignored", "refused"),
    # Which messages a step sees when an opportunity is closed.
    "close_events": choice("all", "win_lose_only", "update_only"),
    # PrimaryEntityId of Win and Lose.
    "close_primary_id": choice("row", "empty"),
    # What a closed lead takes: nothing but its reopening, or any column, as inactive rows of other tables do.
    "closed_leads": choice("refuse", "allow"),
    # What QualifyLead answers for a lead that is closed already.
    "qualify_closed": choice("0x80040519", "0x80081018"),
    # Which messages a step sees when a lead is qualified.
    "qualify_events": choice("all", "qualify_only", "update_only"),
    # MSCRM.BypassBusinessLogicExecution: CustomAsync silences webhooks too.
    "bypass_silences_webhooks": Switch(default=True),
    # Text in webhook bodies arrives mis-decoded as code page 1252.
    "mojibake": Switch(default=False),
    # A partner's plug-in: an update of estimatedvalue also updates budgetamount, inside the call.
    "plugin": Switch(default=False),
    # An empty text: stored as null, or as it is.
    "empty_text": choice("null", "kept"),
    # How long each request takes, which is what makes requests concurrent.
    "latency_ms": Switch(0.0),
    # How long a new column or key stays unseen by data calls without `Consistency: Strong`.
    "metadata_delay_seconds": Switch(0.0),
    # How many of the next changes of the metadata are refused, because another one is running.
    "metadata_busy": Switch(0.0),
    # How long a new alternate key's index is being built.
    "key_delay_seconds": Switch(0.0),
    # A $batch of n operations counts as one request or as n.
    "batch_counts": choice("one", "each"),
    # Comparisons of text in $filter.
    "case_sensitive_filters": Switch(default=False),
}
