"""The tables that webhooks are registered in: endpoints, messages, steps with images, and the jobs of failed calls."""

from __future__ import annotations

from typing import Any

from sandbox.dynamics.columns import (
    any_of,
    choice,
    flag,
    guid,
    integer,
    lookup,
    memo,
    moment,
    options,
    owned,
    states,
    table,
    text,
)
from sandbox.dynamics.schema import Table

_DERIVED: dict[str, Any] = {"creatable": False, "updatable": False}
_ONCE: dict[str, Any] = {"updatable": False}
NO_LENGTH = 1_073_741_823


def serviceendpoint() -> Table:
    contracts = ("One-Way", "Queue", "Rest", "Two-Way", "Topic", "Queue (Persistent)", "Event Hub", "Webhook")
    kinds = {1: "ACS", 2: "SAS Key", 3: "SAS Token", 4: "Webhook Key", 5: "Http Header", 6: "Http Query String"}
    return table(
        "serviceendpoint",
        "serviceendpoints",
        text("name", 256, required="SystemRequired"),
        memo("description", 2000),
        choice("contract", *contracts, "Event Grid", "Managed Data Lake", required="SystemRequired"),
        text("url", 2000),
        text("namespaceaddress", 160),
        options("authtype", kinds | {7: "Connection String", 8: "Access Key"}),
        text("authvalue", 2048, readable=False),
        flag("isauthvalueset", **_DERIVED),
        choice("messageformat", "Binary XML", "Json", "Text XML", default=2),
        choice("messagecharset", "Default", "UTF8", first=0, default=0),
        primary_name="name",
        object_type_code=4618,
    )


def sdkmessage() -> Table:
    return table("sdkmessage", "sdkmessages", text("name", 256), primary_name="name", object_type_code=4606)


def sdkmessagefilter() -> Table:
    return table(
        "sdkmessagefilter",
        "sdkmessagefilters",
        text("primaryobjecttypecode", 64),
        text("secondaryobjecttypecode", 64),
        flag("iscustomprocessingstepallowed", default=True),
        lookup("sdkmessageid", "sdkmessage", "sdkmessageid_sdkmessagefilter"),
        primary_name="primaryobjecttypecode",
        object_type_code=4607,
    )


def sdkmessageprocessingstep() -> Table:
    return table(
        "sdkmessageprocessingstep",
        "sdkmessageprocessingsteps",
        text("name", 256),
        text("description", 256),
        options("stage", {10: "Pre-validation", 20: "Pre-operation", 40: "Post-operation"}, 40),
        choice("mode", "Synchronous", "Asynchronous", first=0, default=0),
        integer("rank", 0, default=1),
        choice("supporteddeployment", "Server Only", "Client Only", "Both", first=0, default=0),
        flag("asyncautodelete"),
        memo("filteringattributes", 100_000),
        any_of(
            "eventhandler",
            ("serviceendpoint", "eventhandler_serviceendpoint", "serviceendpoint_sdkmessageprocessingstep"),
            required="SystemRequired",
        ),
        lookup("sdkmessageid", "sdkmessage", "sdkmessageid_sdkmessageprocessingstep", required="SystemRequired"),
        lookup("sdkmessagefilterid", "sdkmessagefilter", "sdkmessagefilterid_sdkmessageprocessingstep"),
        lookup("impersonatinguserid", "systemuser"),
        *states({(0, "Enabled"): {1: "Enabled"}, (1, "Disabled"): {2: "Disabled"}}),
        primary_name="name",
        object_type_code=4608,
    )


def sdkmessageprocessingstepimage() -> Table:
    return table(
        "sdkmessageprocessingstepimage",
        "sdkmessageprocessingstepimages",
        text("name", 256),
        text("entityalias", 256, required="SystemRequired"),
        choice("imagetype", "PreImage", "PostImage", "Both", first=0, required="SystemRequired"),
        text("messagepropertyname", 256, required="SystemRequired"),
        memo("attributes", 100_000),
        lookup(
            "sdkmessageprocessingstepid",
            "sdkmessageprocessingstep",
            "sdkmessageprocessingstepid_sdkmessageprocessingstepimage",
            required="SystemRequired",
        ),
        primary_name="name",
        object_type_code=4615,
    )


def asyncoperation() -> Table:
    return table(
        "asyncoperation",
        "asyncoperations",
        text("name", 256, **_ONCE),
        memo("message", 100_000, **_DERIVED),
        text("messagename", 160, **_ONCE),
        text("primaryentitytype", 64, **_ONCE),
        integer("errorcode", **_DERIVED),
        integer("operationtype", **_ONCE),
        integer("retrycount", **_DERIVED),
        guid("correlationid", **_ONCE),
        guid("requestid", **_ONCE),
        moment("completedon", **_DERIVED),
        lookup("owningextensionid", "sdkmessageprocessingstep", "SdkMessageProcessingStep_AsyncOperations", **_ONCE),
        any_of(
            "regardingobjectid",
            ("opportunity", "regardingobjectid_opportunity", "Opportunity_AsyncOperations"),
            **_ONCE,
        ),
        *owned(),
        *states(
            {
                (0, "Ready"): {0: "Waiting For Resources"},
                (1, "Suspended"): {10: "Waiting"},
                (2, "Locked"): {20: "In Progress", 21: "Pausing", 22: "Canceling"},
                (3, "Completed"): {30: "Succeeded", 31: "Failed", 32: "Canceled"},
            }
        ),
        primary_name="name",
        object_type_code=4700,
    )
