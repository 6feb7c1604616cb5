"""Both simulators on loopback in this event loop, with or without TLS."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.dynamics import create_app as create_dynamics
from sandbox.partner_center import create_app as create_partner_center
from sandbox.servers import address, listen, serving
from sandbox.tls import making_tls


@dataclass(frozen=True, kw_only=True)
class Simulators:
    """Their addresses; `root_pem` is what webhook signatures lead to, `ca` the file that makes TLS trusted."""

    partner_center: str
    dynamics: str
    root_pem: bytes
    ca: Path | None

    def as_line(self) -> dict[str, str]:
        """What the command prints; `ca` is left out without TLS."""
        shown = {"partner_center": self.partner_center, "dynamics": self.dynamics}
        return shown if self.ca is None else {**shown, "ca": str(self.ca)}


@asynccontextmanager
async def simulators(
    ports: tuple[int, int] = (0, 0),
    *,
    tls: bool = False,
    connector: bool = True,
    state: Path | None = None,
    seed: int = 0,
) -> AsyncIterator[Simulators]:
    """Serve until the block ends; port 0 takes a free one, `state` is a folder that keeps their rows.

    Without `connector` the Dataverse is one that nothing of Microsoft's connector or ours was installed in.
    """
    async with AsyncExitStack() as stack:
        made = stack.enter_context(making_tls()) if tls else None
        sockets = [listen(port) for port in ports]
        urls = [address(each, tls=tls) for each in sockets]
        kept = [state / f"{name}.json" if state else None for name in ("partner_center", "dynamics")]
        partner_center = create_partner_center(base_url=urls[0], state_path=kept[0], seed=seed)
        dynamics = create_dynamics(base_url=urls[1], state_path=kept[1], seed=seed, connector=connector)
        for app, listening in zip((partner_center, dynamics), sockets, strict=True):
            await stack.enter_async_context(serving(app, listening, made.context if made else None))
        yield Simulators(
            partner_center=urls[0],
            dynamics=urls[1],
            root_pem=partner_center.state.certificates.root_pem,
            ca=made.ca if made else None,
        )
