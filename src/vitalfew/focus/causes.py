"""The 5 whys: what groups wrote, joined to the issues found. Nothing is invented: a top issue nobody asked about says so."""

from __future__ import annotations

from vitalfew.evidence import Gap, Step, claim_id
from vitalfew.focus.issues import Findings
from vitalfew.focus.matching import best_match
from vitalfew.outputs import Outputs
from vitalfew.settings import Cause, Company, slug
from vitalfew.vocabulary import arrow_table

NOT_ASKED = "Not yet asked"


def compute(findings: Findings, company: Company) -> Outputs:
    """Table `causes`: the authored whys by issue, and one open row for each top issue without any."""
    rows, steps, gaps = [], [], []
    asked: set[str] = set()
    for cause in company.cause:
        issue = _issue(findings, cause)
        if issue is None:
            gaps.append(
                Gap(
                    f"the cause '{cause.text}'",
                    f"It is about the issue '{cause.issue}', which this run does not find.",
                    "The name of an issue in the table issues.",
                )
            )
            continue
        asked.add(issue)
        rows.append(
            {"issue": issue, **cause.model_dump(include={"branch", "depth", "text", "evidence", "controllable", "status", "kind"})}
        )
        support = claim_id("cause", issue, f"{cause.branch}-{cause.depth}")
        steps.append(Step(issue, support, f"why {cause.depth} ({cause.status}): {cause.text}"))
    for found in findings.issues:
        if found.top and found.key not in asked:
            rows.append({"issue": found.key, "branch": "1", "depth": 1, "text": NOT_ASKED, "evidence": "", "status": "open"})
    return Outputs({"causes": arrow_table("causes", rows)}, steps, gaps)


def _issue(findings: Findings, cause: Cause) -> str | None:
    within = {
        issue.key: (issue.key, *issue.found.names)
        for issue in findings.issues
        if not cause.group or slug(issue.found.group) == slug(cause.group)
    }
    return best_match(cause.issue, within)
