"""The vision in its parts."""

from __future__ import annotations

from typing import Any

from vitalfew.settings import Company


def compute(company: Company) -> list[dict[str, Any]]:
    """Rows of table vision, in reading order."""
    vision = company.vision
    parts: list[tuple[str, str | None, str]] = [
        ("vision", None, company.company.vision),
        ("customer problem", None, vision.customer_problem),
        ("change in their life", None, vision.change),
        ("mindset", None, vision.mindset),
        *(("adjacent service", None, each) for each in vision.adjacent_services),
        *(("intended experience", stage, text) for stage, text in vision.intended.items()),
        *(("not doing", None, each) for each in vision.not_doing),
    ]
    return [
        {"position": position, "part": part, "stage": stage, "text": text}
        for position, (part, stage, text) in enumerate([each for each in parts if each[2]], 1)
    ]
