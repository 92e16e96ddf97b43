"""The filters of the page of works, as its address states them."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import Field

from api.requests import Expression, Page
from ledger.corpus.work import AllowedUse


class WorksShown(Page):
    """Empty values come from a form in which nothing was chosen."""

    licence: Expression = ""
    use: AllowedUse | Literal[""] = ""
    contested: Annotated[bool, Field(description="Only works that another artist has registered too.")] = False

    def following(self, after: int) -> str:
        """The address of the page that goes on after this log entry."""
        stated = {"licence": self.licence, "use": self.use, "contested": "true" if self.contested else ""}
        return "/works?" + urlencode({name: value for name, value in stated.items() if value} | {"after": after})
