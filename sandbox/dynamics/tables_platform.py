"""The platform's own tables: notes, webhook steps, system jobs, solutions, flows, environment variables."""

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


def annotation() -> Table:
    return table(
        "annotation",
        "annotations",
        text("subject", 500),
        memo("notetext", 100_000),
        flag("isdocument"),
        text("filename", 255),
        text("mimetype", 256),
        memo("documentbody", NO_LENGTH),
        integer("filesize", 0, **_DERIVED),
        text("objecttypecode", 64, **_DERIVED),
        any_of(
            "objectid",
            ("opportunity", "objectid_opportunity", "Opportunity_Annotation"),
            ("account", "objectid_account", "Account_Annotation"),
            ("contact", "objectid_contact", "Contact_Annotation"),
            ("lead", "objectid_lead", "Lead_Annotation"),
        ),
        *owned(),
        primary_name="subject",
        tracked=True,
        object_type_code=5,
    )


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


def publisher() -> Table:
    return table(
        "publisher",
        "publishers",
        text("uniquename", 256, **_ONCE),
        text("friendlyname", 256),
        memo("description", 2000),
        text("customizationprefix", 8),
        integer("customizationoptionvalueprefix", 10_000, 99_999),
        primary_name="friendlyname",
        object_type_code=7101,
    )


def solution() -> Table:
    return table(
        "solution",
        "solutions",
        text("uniquename", 65, required="SystemRequired", **_ONCE),
        text("friendlyname", 256, required="SystemRequired"),
        text("version", 256, required="SystemRequired"),
        memo("description", 2000),
        flag("ismanaged", **_DERIVED),
        flag("isvisible", default=True, **_DERIVED),
        lookup("publisherid", "publisher", "publisher_solution", required="SystemRequired"),
        primary_name="friendlyname",
        object_type_code=7100,
    )


def workflow() -> Table:
    """Cloud flows too are rows of this table (category 5)."""
    kinds = ("Workflow", "Dialog", "Business Rule", "Action", "Business Process Flow", "Modern Flow")
    return table(
        "workflow",
        "workflows",
        text("name", 100),
        text("uniquename", 128),
        choice("category", *kinds, first=0, default=5),
        choice("type", "Definition", "Activation", "Template", default=1),
        guid("solutionid"),
        flag("ismanaged", **_DERIVED),
        *owned(),
        *states({(0, "Draft"): {1: "Draft"}, (1, "Activated"): {2: "Activated"}}),
        primary_name="name",
        object_type_code=4703,
    )


def environmentvariabledefinition() -> Table:
    kinds = ("String", "Number", "Boolean", "JSON", "Data Source", "Secret")
    return table(
        "environmentvariabledefinition",
        "environmentvariabledefinitions",
        text("schemaname", 100, required="SystemRequired", **_ONCE),
        text("displayname", 100),
        memo("description", 2000),
        choice("type", *kinds, first=100_000_000, default=100_000_000, **_ONCE),
        memo("defaultvalue", 2000),
        *owned(),
        primary_name="schemaname",
        object_type_code=380,
    )


def environmentvariablevalue() -> Table:
    """The definition's lookup keeps its Pascal-case navigation name."""
    return table(
        "environmentvariablevalue",
        "environmentvariablevalues",
        text("schemaname", 100),
        memo("value", 2000),
        lookup(
            "environmentvariabledefinitionid",
            "environmentvariabledefinition",
            "environmentvariabledefinition_environmentvariablevalue",
            "EnvironmentVariableDefinitionId",
            required="SystemRequired",
            **_ONCE,
        ),
        *owned(),
        primary_name="schemaname",
        object_type_code=381,
    )
