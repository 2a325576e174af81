"""A comparison in words a head of CX understands, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vitalfew.web.runs.comparing import Comparison, Headline
from vitalfew.web.runs.made_from import Setting
from vitalfew.web.shell import wording

SECTIONS = {
    "company": gettext_lazy("company"),
    "source": gettext_lazy("sources"),
    "question": gettext_lazy("questions"),
    "group": gettext_lazy("work groups"),
    "promise": gettext_lazy("promises"),
    "initiative": gettext_lazy("initiatives"),
    "cause": gettext_lazy("causes"),
    "theme": gettext_lazy("themes"),
    "limits": gettext_lazy("limits"),
    "risk": gettext_lazy("risks"),
    "raci": gettext_lazy("responsibilities"),
    "benefit": gettext_lazy("benefits"),
    "sponsor": gettext_lazy("sponsors"),
    "barrier": gettext_lazy("barriers"),
    "link": gettext_lazy("decisions on who is who"),
    "consent": gettext_lazy("consent"),
    "mend": gettext_lazy("rules that mend"),
    "vision": gettext_lazy("vision"),
}


def summary(comparison: Comparison) -> str:
    """What changed, in a breath: the outcome, the plan, and what it comes from."""
    if comparison.same and not comparison.origins:
        return _("Nothing changed.")
    told = [outcome(comparison.headline) if comparison.headline else "", plan(comparison), because(comparison)]
    return " ".join(each for each in told if each)


def lines(comparison: Comparison) -> list[str]:
    """What changed, a line each: the outcome, the plan, the issues, and what it comes from. None for runs that say the same."""
    if comparison.same:
        return [each for each in (because(comparison),) if each]
    told = [outcome(comparison.headline) if comparison.headline else "", plan(comparison), issues(comparison), because(comparison)]
    return [each for each in told if each]


def issues(comparison: Comparison) -> str:
    """How many issues are new, gone, or worth more or less beyond their intervals."""
    counted = {kind: sum(each.kind == kind for each in comparison.issues) for kind in ("new", "gone", "up", "down")}
    texts = {
        "new": ngettext("%(n)s issue is new", "%(n)s issues are new", counted["new"]),
        "gone": ngettext("%(n)s issue is gone", "%(n)s issues are gone", counted["gone"]),
        "up": ngettext("%(n)s issue puts more at stake", "%(n)s issues put more at stake", counted["up"]),
        "down": ngettext("%(n)s issue puts less at stake", "%(n)s issues put less at stake", counted["down"]),
    }
    told = [texts[kind] % {"n": wording.number(n, 0)} for kind, n in counted.items() if n]
    return _("Issues: %(changes)s.") % {"changes": "; ".join(told)} if told else ""


def outcome(headline: Headline) -> str:
    """How the outcome moved, and whether chance alone could bring it."""
    difference = headline.difference
    if difference is None:
        return _("%(metric)s cannot be compared: one of the runs has no figure for it.") % {"metric": headline.label}
    write = form(headline)
    named = {"metric": headline.label, "before": write(difference.before), "after": write(difference.after)}
    if not difference.value:
        return _("%(metric)s is %(after)s, as before.") % named
    if difference.by_chance:
        return _("%(metric)s went from %(before)s to %(after)s, which chance alone could bring.") % named
    if difference.value > 0:
        return _("%(metric)s rose from %(before)s to %(after)s, more than chance alone would bring.") % named
    return _("%(metric)s fell from %(before)s to %(after)s, more than chance alone would bring.") % named


def form(headline: Headline) -> Callable[[float | None], str]:
    """How the outcome's figures are written."""
    return wording.share if headline.statistic in ("top2", "rate") else wording.points


def plan(comparison: Comparison) -> str:
    """What came into the plan and what went out."""
    came, went = comparison.of("in"), comparison.of("out")
    if not came and not went:
        return _("The plan is the same.")
    told = []
    if came:
        text = ngettext("%(names)s came into the plan.", "%(number)s initiatives came into the plan: %(names)s.", len(came))
        told.append(text % {"number": len(came), "names": ", ".join(each.name for each in came)})
    if went:
        text = ngettext("%(names)s went out of the plan.", "%(number)s initiatives went out of the plan: %(names)s.", len(went))
        told.append(text % {"number": len(went), "names": ", ".join(each.name for each in went)})
    return " ".join(told)


def because(comparison: Comparison) -> str:
    """What the changes come from."""
    origins, told = comparison.origins, []
    for each in comparison.sources:
        named = {"source": each.source, "rows": wording.number(abs(each.more), 0)}
        if each.kind == "new":
            told.append(_("the source %(source)s is new") % named)
        elif each.kind == "gone":
            told.append(_("the source %(source)s is gone") % named)
        elif each.more:
            text = ngettext("%(source)s has %(rows)s row more", "%(source)s has %(rows)s rows more", abs(each.more))
            fewer = ngettext("%(source)s has %(rows)s row fewer", "%(source)s has %(rows)s rows fewer", abs(each.more))
            told.append((text if each.more > 0 else fewer) % named)
        elif each.changed:
            told.append(_("%(source)s has other contents") % named)
    if origins.sections:
        names = ", ".join(str(SECTIONS.get(each, each)) for each in origins.sections)
        told.append(_("settings were changed (%(names)s)") % {"names": names})
    if origins.day:
        days = {"before": wording.day(origins.day[0]), "day": wording.day(origins.day[1])}
        told.append(_("the strategy is made for %(day)s instead of %(before)s") % days)
    if origins.version:
        told.append(_("Vital Few %(version)s computed it") % {"version": origins.version[1]})
    elif origins.code:
        told.append(_("the way figures are computed changed"))
    if not told:
        return "" if origins.known else _("One of the runs is too old to say which settings it was made with.")
    return _("Why: %(reasons)s.") % {"reasons": "; ".join(told)}


def duration(seconds: int) -> str:
    """How long something took."""
    if seconds < 60:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": wording.number(seconds, 0)}
    minutes = round(seconds / 60)
    if minutes < 120:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": wording.number(minutes, 0)}
    hours = round(minutes / 60)
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": wording.number(hours, 0)}


KINDS = {
    "new": gettext_lazy("new"),
    "gone": gettext_lazy("gone"),
    "up": gettext_lazy("more"),
    "down": gettext_lazy("less"),
    "in": gettext_lazy("into the plan"),
    "out": gettext_lazy("out of the plan"),
    "same": gettext_lazy("same rows"),
    "changed": gettext_lazy("changed"),
    "added": gettext_lazy("added"),
    "removed": gettext_lazy("removed"),
}


def page(comparison: Comparison, currency: str, besides: Sequence[Setting] = ()) -> dict[str, Any]:
    """A comparison as the page shows it; `besides` is what sections say that not everybody reads, for this reader."""
    headline = comparison.headline
    difference = headline.difference if headline else None
    write = form(headline) if headline else wording.points
    told: dict[str, Any] = {"summary": summary(comparison), "same": comparison.same, "known": comparison.origins.known}
    if headline and difference:
        told["figure"] = {
            "label": headline.label,
            "before": write(difference.before),
            "after": write(difference.after),
            "difference": _signed(difference.value, write),
            "interval": wording.interval(difference.low, difference.high, write),
            "by_chance": difference.by_chance,
        }
    told["drivers"] = [
        {
            "name": each.name,
            "kind": KINDS[each.kind],
            "before": _of(each.before, _place),
            "after": _of(each.after, _place),
            "beyond": each.beyond,
        }
        for each in comparison.drivers
    ]
    told["issues"] = [
        {
            "name": each.name,
            "kind": KINDS[each.kind],
            "group": (each.after or each.before or {}).get("group"),
            "before": _of(each.before, lambda row: wording.figure({**row, "n": None}, "money", currency)),
            "after": _of(each.after, lambda row: wording.figure({**row, "n": None}, "money", currency)),
            "claim": each.id if each.after else "",
        }
        for each in comparison.issues
    ]
    told["initiatives"] = [
        {
            "name": each.name,
            "kind": KINDS[each.kind],
            "tone": "good" if each.kind == "in" else "plain",
            "reason": (each.after or {}).get("reason") or ("" if each.after else _("It is no longer a candidate.")),
            "claim": each.id if each.after else "",
        }
        for each in comparison.initiatives
    ]
    told["sources"] = [
        {
            "name": each.source,
            "kind": KINDS["changed"] if each.kind == "same" else KINDS[each.kind],
            "rows": wording.number((each.after or each.before or {})["rows_read"], 0),
            "more": _signed(each.more, lambda value: wording.number(value, 0)),
            "quarantined": wording.number((each.after or {}).get("rows_quarantined"), 0) if each.after else "–",
            "more_quarantined": _signed(each.more_quarantined, lambda value: wording.number(value, 0)),
        }
        for each in comparison.sources
        if each.changed or each.kind != "same"
    ]
    told["settings"] = [
        {"section": SECTIONS.get(each.section, each.section), "name": each.name, "kind": KINDS[each.kind], "keys": each.keys}
        for each in _settings(comparison, besides)
    ]
    told["plan"] = [_of(row, lambda row: wording.figure({**row, "n": None}, "money", currency)) for row in comparison.plan]
    return told


def _settings(comparison: Comparison, besides: Sequence[Setting]) -> list[Setting]:
    """The settings that differ; where a section is told in full, that stands instead of the bare fact."""
    full = {each.section for each in besides}
    return [*(each for each in comparison.origins.settings if each.section not in full), *besides]


def _signed(value: float, write: Callable[[float | None], str]) -> str:
    return f"+{write(value)}" if value > 0 else write(value)


def _of(row: dict[str, Any] | None, write: Callable[[dict[str, Any]], str]) -> str:
    return write(row) if row else "–"


def _place(row: dict[str, Any]) -> str:
    return _("%(share)s, place %(rank)s") % {"share": wording.share(row["share"]), "rank": row["rank"]}
