"""An answer of the token endpoint that is no token."""


class OAuthError(Exception):
    """`error` is the OAuth code."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
