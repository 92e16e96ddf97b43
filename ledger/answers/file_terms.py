"""What a work's own file, or a file beside it, says of its uses."""

from __future__ import annotations

from ledger.answers.answer import Answer
from ledger.corpus.work import AllowedUse, FileTerm


class FileTermAnswer(Answer):
    """A statement of the file's maker that took uses away at registration, or that could not be read."""

    vocabulary: str
    """Its name; empty where the statement could not be read."""
    version: str
    """Version of the vocabulary that this service followed."""
    place: str
    """`in the file`, or the file beside it."""
    value: str
    """As the vocabulary writes it."""
    forbids: tuple[AllowedUse, ...]
    """Uses that it took away."""
    problem: str
    """Why it could not be read, or is not understood in full."""
    says: str
    """All of it in words."""


def file_term_answer(said: FileTerm) -> FileTermAnswer:
    return FileTermAnswer(
        vocabulary=said.vocabulary,
        version=said.version,
        place=said.place,
        value=said.value,
        forbids=said.forbids,
        problem=said.problem,
        says=said.says,
    )
