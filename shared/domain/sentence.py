"""What is said about a deal: in full to the seller, and without anybody's data wherever else it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """`text` is for Audit, which lies beside the data it quotes; `bare` is for links and logs, which hold none."""

    text: str
    bare: str = ""

    @property
    def kept(self) -> str:
        return self.bare or self.text


def audit(sentences: Iterable[Sentence]) -> str:
    return ". ".join(dict.fromkeys(sentence.text for sentence in sentences))


def kept(sentences: Iterable[Sentence]) -> str:
    return ". ".join(dict.fromkeys(sentence.kept for sentence in sentences))


def spoken(texts: Iterable[str]) -> tuple[Sentence, ...]:
    """Sentences that quote nobody."""
    return tuple(Sentence(text) for text in texts if text)
