"""What follows from a record's matches by FORMAT.md: relations, shares and the verdict. Nothing of the project."""

from fractions import Fraction
from typing import Any

from tests.conformance.forms import need

WHOLE = {"left": "0", "top": "0", "right": "1", "bottom": "1"}


def relation_of(match: Any, image: Any, near: bool) -> str:
    """The first rule that applies to a match's own figures."""
    evidence = match["evidence"]
    covers = [Fraction(evidence[name]) for name in ("query_cover", "work_cover")] if evidence else []
    rules = {
        "exact": match["work_sha256"] == image["sha256"],
        "same-pixels": match["work_pixel_sha256"] == image["pixel_sha256"],
        "near-duplicate": covers and min(covers) >= Fraction("0.7"),
        "partial-copy": covers,
        "similar-style": "style" in match["raw"],
        "unverified": near,
        "nearest": True,
    }
    return next(relation for relation, applies in rules.items() if applies)


def check_match(match: Any, rank: int, relation: str, near: bool) -> None:
    """Refuses a match whose parts contradict each other."""
    at, style, artists = f"match {rank}", relation == "similar-style", [each["artist_id"] for each in match["members"]]
    need((match["rank"], match["relation"]) == (rank, relation), f"{at} has another rank, or is not {relation}")
    need(style == ("style" in match["raw"]) != ("fused" in match["raw"]), f"{at} is measured by other figures")
    need(near or not style, f"{at} is not near in style")
    need(not match["evidence"] or relation in ("near-duplicate", "partial-copy"), f"{at} has evidence for equality")
    need(len(set(artists)) == len(artists) and bool(artists) == bool(match["group"]), f"{at} has wrong members")
    need(not artists or match["artist_id"] in artists, f"{at}: the artist is no member")


def one_place(one: Any, other: Any) -> bool:
    """Whether two matches stand at one place: they share at least half of the smaller region."""
    regions = []
    for match in (one, other):
        region = match["evidence"]["query_region"] if match["evidence"] else WHOLE
        if not match["evidence"] and match["relation"] not in ("exact", "same-pixels"):
            return False
        regions.append({edge: Fraction(place) for edge, place in region.items()})
    width = min(region["right"] for region in regions) - max(region["left"] for region in regions)
    height = min(region["bottom"] for region in regions) - max(region["top"] for region in regions)
    areas = [(region["right"] - region["left"]) * (region["bottom"] - region["top"]) for region in regions]
    return width > 0 and height > 0 and 2 * width * height >= min(areas)


def attribution(near: list[Any], alpha: str) -> dict[str, Any]:
    """The attribution that follows from the matches with p <= alpha."""
    places: list[list[Any]] = []
    for match in near:
        if match["relation"] != "similar-style":
            touched = [place for place in places if any(one_place(match, other) for other in place)]
            joined = sorted([match, *(each for place in touched for each in place)], key=lambda each: int(each["rank"]))
            places = [*(place for place in places if place not in touched), joined]
    weights: dict[tuple[tuple[str, ...], str | None], Fraction] = {}
    rest = Fraction(1)
    for place in places:
        score = max(Fraction(match["score"]) for match in place)
        named = [each["artist_id"] for match in place for each in match["members"] or [match]]
        artists = tuple(dict.fromkeys(named))
        whose = artists, (place[0]["group"] or place[0]["work_id"]) if len(artists) > 1 else None
        weights[whose] = weights.get(whose, Fraction(0)) + score
        rest *= 1 - score
    ranked = (
        sorted(weights.items(), key=lambda each: (-each[1], each[0][0], each[0][1] or ""))
        if any(weights.values())
        else []
    )
    parts = [(whose, float(round((1 - rest) * weight / sum(weights.values()), 6))) for whose, weight in ranked]
    shares = [{"artists": list(artists), "group": group, "share": f"{part:.6f}"} for (artists, group), part in parts]
    return {"alpha": alpha, "shares": shares, "unattributed": f"{float(round(rest, 6)):.6f}"}


def check_conclusions(p: Any) -> None:
    """Refuses a record whose relations, shares or verdict do not follow from its matches."""
    image, alpha, found = p["image"], Fraction(p["attribution"]["alpha"]), set()
    for rank, match in enumerate(p["matches"], 1):
        near = Fraction(match["p_value"]) <= alpha
        relation = relation_of(match, image, near)
        check_match(match, rank, relation, near)
        found |= {relation} if near else set()
    follows = attribution([m for m in p["matches"] if Fraction(m["p_value"]) <= alpha], p["attribution"]["alpha"])
    need(p["attribution"] == follows, f"wrong-conclusion: what follows is {follows}")
    sides = sorted((image["width"], image["height"]))
    blank = sides[0] < 16 or sides[1] > 20 * sides[0] or p["verdict"] == "not-comparable"
    need(not blank or all(match["relation"] == "exact" for match in p["matches"]), "only equal bytes can match here")
    verdict = "not-comparable" if blank else "style" if "similar-style" in found else "none"
    verdict = "copy" if found & {"exact", "same-pixels", "near-duplicate", "partial-copy"} else verdict
    need(p["verdict"] == verdict, f"wrong-conclusion: the verdict that follows is {verdict}")
