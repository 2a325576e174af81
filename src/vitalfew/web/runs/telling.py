"""A comparison in words a head of CX understands, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vitalfew.web.runs.comparing import Comparison, Headline
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
}


def summary(comparison: Comparison) -> str:
    """What changed, in a breath: the outcome, the plan, and what it comes from."""
    if comparison.same and not comparison.origins:
        return _("Nothing changed.")
    told = [outcome(comparison.headline) if comparison.headline else "", plan(comparison), because(comparison)]
    return " ".join(each for each in told if each)


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
        told.append(_("the strategy is made for %(day)s instead of %(before)s") % {"before": origins.day[0], "day": origins.day[1]})
    if origins.version:
        told.append(_("Vital Few %(version)s computed it") % {"version": origins.version[1]})
    elif origins.code:
        told.append(_("the way figures are computed changed"))
    if not told:
        return "" if origins.known else _("One of the runs is too old to say which settings it was made with.")
    return _("Why: %(reasons)s.") % {"reasons": "; ".join(told)}
