"""What both simulators share: faults, request log, clock, switches, webhook delivery, state file, control routes."""

from sandbox.clock import Clock
from sandbox.control import Control, control_route, control_routes, json_object
from sandbox.fault_middleware import ConnectionDroppedError, FaultMiddleware, SandboxApp
from sandbox.fault_rules import GUID, Fault, Faults
from sandbox.state_file import StateFile
from sandbox.switches import Switch, Switches, choice
from sandbox.webhook_sender import WebhookSender
from sandbox.webhook_values import Delivery, DeliveryPolicy, DeliveryResult, WebhookFaults, any_failure

__all__ = [
    "GUID",
    "Clock",
    "ConnectionDroppedError",
    "Control",
    "Delivery",
    "DeliveryPolicy",
    "DeliveryResult",
    "Fault",
    "FaultMiddleware",
    "Faults",
    "SandboxApp",
    "StateFile",
    "Switch",
    "Switches",
    "WebhookFaults",
    "WebhookSender",
    "any_failure",
    "choice",
    "control_route",
    "control_routes",
    "json_object",
]
