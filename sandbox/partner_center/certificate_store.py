"""The certificates at their addresses: downloads for the receiver, and which of them signs."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Switches
from sandbox.partner_center.certificates import LEAF_NAME, Chain, make_chain, make_self_signed
from sandbox.partner_center.errors import ApiError

DER = "application/pkix-cert"
PEM = "application/x-pem-file"


class Certificates:
    """`chains` by the name in their address; the good one is served under the name of the real dispatcher."""

    def __init__(self, *, base_url: str, now: datetime, switches: Switches) -> None:
        self._base_url = base_url
        self._switches = switches
        aia = f"{base_url}/aia/intermediate.cer"
        self.chains: dict[str, Chain] = {
            LEAF_NAME: make_chain(now=now, aia_url=aia),
            "expired": make_chain(now=now, aia_url=aia, leaf_days=(-30, -1)),
            "wrong-org": make_chain(now=now, aia_url=f"{base_url}/aia/wrong-org.cer", organization="Contoso"),
            "self-signed": make_self_signed(now=now),
        }

    @property
    def good(self) -> Chain:
        return self.chains[LEAF_NAME]

    @property
    def root_pem(self) -> bytes:
        return self.good.root_pem

    def url(self, name: str = LEAF_NAME) -> str:
        return f"{self._base_url}/cert/{name}.cer"

    def _chain(self, request: Request) -> Chain:
        try:
            return self.chains[request.path_params["name"]]
        except KeyError:
            raise ApiError(404, "There is no such certificate.") from None

    async def download(self, request: Request) -> Response:
        chain = self._chain(request)
        if self._switches.text("certificate") == "bundle":
            return Response(chain.bundle_pem, media_type=PEM)
        return Response(chain.leaf_der, media_type=DER)

    async def issuer(self, request: Request) -> Response:
        if request.path_params["name"] == "intermediate":
            return Response(self.good.intermediate_der, media_type=DER)
        return Response(self._chain(request).intermediate_der, media_type=DER)

    def routes(self) -> list[Route]:
        return [Route("/cert/{name}.cer", self.download), Route("/aia/{name}.cer", self.issuer)]
