"""company.toml of the demo company: a file to learn from, with a comment where a newcomer would ask."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vitalfew.demo.catalogue import AS_OF, catalogue
from vitalfew.demo.events import CHANNELS
from vitalfew.demo.plan import Floats
from vitalfew.demo.world import World

QUARTERS = ("2026-Q3", "2026-Q4", "2027-Q1", "2027-Q2")
SHARED = "One customer record for all teams"


@dataclass(frozen=True)
class Candidate:
    """One initiative to choose from, before it is written."""

    name: str
    group: str
    removes: tuple[str, ...]
    share: float
    cost: int
    people: tuple[tuple[str, float], ...]
    months: int
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    kind: str = "cost conversion"
    confidence: float = 0.8
    company_wide: bool = False
    owner: str = ""
    sponsor: str = ""


def write(path: Path, world: World, costs: Floats) -> None:
    """Write the file; `costs` are the yearly costs of the issues, which say what a fix may cost."""
    rng = np.random.default_rng([world.seed, 19])
    chosen = candidates(world, costs, rng)
    parts = [_company(world), _SOURCES, _questions(), _groups(world), _PROMISES, _themes(), _causes(world, costs)]
    parts += [_initiatives(chosen), _limits(world, chosen), _risks(chosen, world), _raci(chosen, world), _benefits(world)]
    path.write_text("\n".join(parts), encoding="utf-8", newline="\n")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_text(each) for each in values) + "]"


def _table(values: Iterable[tuple[str, float]]) -> str:
    return "{ " + ", ".join(f"{_text(name)} = {value:g}" for name, value in values) + " }"


def _company(world: World) -> str:
    return f'''# {world.seller.name}: what a run of Vital Few needs to know that no export says.
# Written by `vitalfew demo`. Change anything and run again; `vitalfew check` lists what is wrong with it.

[company]
name = {_text(world.seller.name)}
currency = "EUR"
time_zone = "Europe/London"   # times without a zone are in this one
as_of = {AS_OF.isoformat()}
# Whom we serve, what gets better for them, with which mindset: two sentences that a competitor could not copy.
vision = """
Laboratories and clinics should not lose an hour to the things they buy. By 2028 what we promise is there, works and is billed
as agreed, and whoever of us hears of a problem owns it until the customer says it is solved."""
margin = 1.0                  # money is shown as revenue; put your share after cost of goods here to see profit
minimum_group = 5
'''


_SOURCES = """
# --- Sources: each export, the table its records become, and which column is which ------------------------------------------------

[[source]]
name = "crm_accounts"
table = "accounts"
path = "exports/crm_accounts.csv"
[source.columns]
account = "account_no"
name = "name"
domain = "website"
sector = "sector"
country = "country"
city = "city"
employees = "staff"
since = "customer_since"
owner = "account_manager"
[source.segments]             # cuts: every score can be had for each value of these
sector = "sector"
country = "country"

[[source]]
name = "crm_contacts"
table = "people"
path = "exports/crm_contacts.csv"
encoding = "cp1252"           # found out when left away, as is the delimiter
delimiter = ";"
[source.columns]
person = "Contact No"
account = { column = "Account No", of = "crm_accounts" }
name = { sql = "\\"First name\\" || ' ' || \\"Last name\\"" }
email = "E-mail"
phone = "Phone"
role = "Job title"
first_seen = { column = "Created", format = "%d.%m.%Y" }

[[source]]
name = "webshop_users"        # the same people again, as they registered themselves
table = "people"
path = "exports/webshop_users.jsonl"
[source.columns]
person = "user_id"
name = "full_name"
email = "email"
phone = "phone"
company = "company"
first_seen = "registered"

[[source]]
name = "helpdesk"
table = "interactions"
path = "exports/helpdesk_tickets.csv.gz"
[source.columns]
id = "ticket"
case = "ticket"
at = "opened"
name = "requester"
email = "requester_email"
phone = "requester_phone"
company = "company"
channel = "channel"
topic = "category"
step = "category"
group = "team"
employee = "agent"
minutes = "handling_minutes"
cost = "extra_cost"
text = "message"
touchpoint = { value = "Helpdesk" }
# An export rarely has the column one wants: an expression makes it.
outcome = { sql = "case when try_cast(first_reply_hours as double) <= 8 then 'answered in time' else 'answered late' end" }
stage = { sql = \"\"\"
case when team in ('Logistics', 'Onboarding') then 'implement'
     when team in ('Billing', 'Web Shop') then 'purchase'
     when team = 'Account Management' then 'renew'
     else 'use' end\"\"\" }

[[source]]
name = "orders"
table = "orders"
path = "exports/orders/*.csv.gz"   # all files of this form, as one
[source.columns]
order = "order_no"
at = "ordered"
account = { column = "account_no", of = "crm_accounts" }
person = { column = "contact_no", of = "crm_contacts" }
email = "buyer_email"         # where there is no contact number, the address says who it was
product = "product"
amount = "amount"
promised_at = "promised_for"
delivered_at = "delivered_on"
status = "state"
channel = "channel"
group = { value = "Logistics" }

[[source]]
name = "web"
table = "interactions"
path = "exports/web_sessions.parquet"
[source.columns]
id = "event"
case = "session"
at = "event_time"
person = { column = "user_id", of = "webshop_users" }
step = "step"
stage = "stage"
device = "device"
channel = { value = "web" }
touchpoint = { value = "Web shop" }
group = { value = "Web Shop" }

[[source]]
name = "employees"
table = "employees"
path = "exports/employees.csv"
[source.columns]
employee = "id"
name = "name"
email = "email"
group = "team"
role = "role"
hour_cost = "cost_per_hour"

[[source]]
name = "competitors"
table = "competitors"
path = "exports/competitors.csv"
[source.columns]
id = "id"
competitor = "competitor"
factor = "factor"
level = "mean_rating"
n = "answers"
"""


def _questions() -> str:
    """Both waves: other headings, dates and blanks, the same names."""
    lines = [
        "",
        "# --- Surveys: two waves with different headings. Questions of one name are one question. ---",
        "# `blank` lists answers that mean no answer; `driver` is what the question measures, `group` who is responsible for it,",
        "# and `issue` what it is called when it goes wrong and nothing more precise is known.",
    ]
    waves = (
        (
            "survey_2025",
            "survey_2025.csv",
            {"response": '"response_id"', "at": '"submitted"', "email": '"email"'},
            "Q1",
            "Q10_open",
            99,
        ),
        (
            "survey_2026",
            "survey_2026.xlsx",
            {"response": '"Ref"', "at": '{ column = "Date", format = "%d/%m/%Y %H:%M" }', "email": '"Respondent e-mail"'},
            "Recommend us? (0-10)",
            "One thing we should do better",
            6,
        ),
    )
    for name, file, columns, recommend, comment, blank in waves:
        lines += ["", "[[source]]", f"name = {_text(name)}", 'table = "responses"', f'path = "exports/{file}"']
        lines += ['sheet = "Answers"'] if file.endswith("xlsx") else []
        lines += ["[source.columns]", *(f"{column} = {value}" for column, value in columns.items())]
        if name == "survey_2025":
            lines += ['name = "name"', 'company = "company"']
        else:
            lines += ['account = { column = "Account no", of = "crm_accounts" }']
        lines += ["[source.questions]"]
        label = "How likely are you to recommend us?"
        lines += [
            f'recommend = {{ column = {_text(recommend)}, kind = "nps", blank = [99], outcome = true, label = {_text(label)} }}'
        ]
        for driver in catalogue().drivers:
            column = driver.old if name == "survey_2025" else driver.new
            lines.append(
                f'{driver.question} = {{ column = {_text(column)}, kind = "rating", scale = [1, 5], blank = [{blank}], '
                f"driver = {_text(driver.name)}, group = {_text(driver.group)}, issue = {_text(driver.trouble)} }}"
            )
        lines += [f'better = {{ column = {_text(comment)}, kind = "text", label = "What is the one thing we should do better?" }}']
    return "\n".join(lines) + "\n"


def _groups(world: World) -> str:
    known = catalogue()
    lines = [
        "",
        "# --- Work groups: who causes what goes well or wrong, what their hour costs, which topics are theirs. ---",
    ]
    for index, group in enumerate(known.groups):
        staff = world.seller.of(group.name)
        topics = [known.issues[issue].topic for issue in known.issues_of(index)]
        lines += ["", "[[group]]", f"name = {_text(group.name)}", f"kind = {_text(group.kind)}", f"lead = {_text(staff[0][1])}"]
        lines += [f"people = {len(staff)}", f"hour_cost = {group.hour_cost:g}", f"sponsor = {_text(group.sponsor)}"]
        lines += [f"serves = {_text(group.serves)}", f"touchpoints = {_list(topics)}"]
    return "\n".join(lines) + "\n"


_PROMISES = f"""
# --- Promises: what we said, and how the records tell whether it was kept. kept_when is an expression over the table's columns. ---

[[promise]]
name = "On time"
text = "Delivered by the date in the order confirmation"
source = "order confirmation, checkout page"
group = "Logistics"
table = "orders"
kept_when = "delivered_at <= promised_at"   # orders without one of the two have no verdict
perceived = "delivery"                      # the question that shows how customers see it
standard = 0.95
issue = "Late delivery"

[[promise]]
name = "Complete"
text = "What you order comes in one delivery, or we ask you first"
source = "terms of delivery"
group = "Logistics"
table = "orders"
applies_when = "status in ('delivered', 'part delivered')"
kept_when = "status = 'delivered'"
perceived = "condition"
standard = 0.97
issue = "Part deliveries"

[[promise]]
name = "Answer within a working day"
text = "Whoever writes to us has an answer within a working day"
source = "service charter, footer of every mail"
group = "Technical Support"
table = "interactions"
applies_when = "channel in {tuple(each for each in CHANNELS if each != "phone")}"
kept_when = "outcome = 'answered in time'"
perceived = "support"
standard = 0.95
issue = "Slow answers"
"""


def _themes() -> str:
    known = catalogue()
    lines = [
        "",
        "# --- Themes: names people understand. The theme found whose words fit best gets the name. ---",
    ]
    for index, issue in enumerate(known.issues):
        lines += [
            "",
            "[[theme]]",
            f"name = {_text(issue.name)}",
            f"words = {_list(issue.words)}",
            f"driver = {_text(issue.driver)}",
        ]
        lines += [f"group = {_text(known.groups[known.group_of(index)].name)}"]
    return "\n".join(lines) + "\n"


def _causes(world: World, costs: Floats) -> str:
    """Five whys of the top two issues of every group that has written them down."""
    known = catalogue()
    lines = ["", "# --- Five whys, written by the groups. The fifth has an action and one owner. ---"]
    status = ("confirmed", "confirmed", "confirmed", "tested", "guessed")
    kinds = ("method", "method", "machine", "method", "management")
    for index, group in enumerate(known.groups):
        lead = world.seller.of(group.name)[0][1]
        for issue in (known.issues[each] for each in top_two(index, costs)):
            for depth, why in enumerate(issue.whys, 1):
                lines += ["", "[[cause]]", f"issue = {_text(issue.name)}", f"group = {_text(group.name)}", f"depth = {depth}"]
                lines += [f"text = {_text(why)}", f'status = "{status[depth - 1]}"', f'kind = "{kinds[depth - 1]}"']
                if depth == 1:
                    lines += [f"evidence = {_text(f'tickets of the topic {issue.topic}; comments of two surveys')}"]
                if depth == len(issue.whys):
                    lines += [f"action = {_text(issue.action)}", f"owner = {_text(lead)}"]
    return "\n".join(lines) + "\n"


def top_two(group: int, costs: Floats) -> list[int]:
    """The two issues of a group that cost most, the worst first."""
    return sorted(catalogue().issues_of(group), key=lambda issue: -float(costs[issue]))[:2]


def candidates(world: World, costs: Floats, rng: np.random.Generator) -> list[Candidate]:
    """Seventeen initiatives: for the worst issue of each group, for some second and lesser ones, one more way for the worst of all,
    and the customer record that three of them need."""
    known = catalogue()
    people_scale = (world.scale.accounts / 600) ** 0.35
    first = [top_two(group, costs)[0] for group in range(len(known.groups))]
    second = [top_two(group, costs)[1] for group in range(len(known.groups))]
    second = [second[int(each)] for each in sorted(rng.permutation(len(second))[:5].tolist())]
    done = {change.issue for change in world.plan.changes}
    rest = [issue for issue in range(len(known.issues)) if issue not in {*first, *second, *done}]
    lesser = [rest[int(each)] for each in sorted(rng.permutation(len(rest))[:2].tolist())]
    made = [_candidate(world, issue, float(costs[issue]), rng, people_scale) for issue in (*first, *second, *lesser)]
    worst = max(first, key=lambda issue: float(costs[issue]))
    base = made[first.index(worst)]
    lead = world.seller.of("Account Management")[0][1]
    outside = Candidate(
        name=f"Outside help against {_lower(known.issues[worst].name)}",
        group=base.group,
        removes=base.removes,
        share=min(0.75, round(base.share * 1.3, 2)),
        cost=round(base.cost * 2.1 / 500) * 500,
        people=tuple((group, round(months * 0.5, 1)) for group, months in base.people),
        months=max(2, base.months - 1),
        excludes=(base.name,),
        confidence=0.7,
        owner=base.owner,
        sponsor=base.sponsor,
    )
    touched = ("passed", "changing", "quote")
    record = Candidate(
        name=SHARED,
        group="Account Management",
        removes=tuple(each.name for each in known.issues if each.key in touched),
        share=0.12,
        cost=_rounded(0.06 * sum(float(costs[issue]) for issue in first)),
        people=(("Account Management", round(2 * people_scale, 1)), ("Web Shop", round(1.5 * people_scale, 1))),
        months=3,
        kind="proactive",
        company_wide=True,
        owner=lead,
        sponsor="Chief commercial officer",
    )
    helped = sorted(rng.permutation(len(first))[:3].tolist())
    needing = [
        each if place not in helped or each.name == base.name else _needing(each) for place, each in enumerate(made[: len(first)])
    ]
    return [*needing, *made[len(first) :], outside, record]


def _needing(each: Candidate) -> Candidate:
    return Candidate(**{**each.__dict__, "needs": (SHARED,)})


def _candidate(world: World, issue: int, cost: float, rng: np.random.Generator, scale: float) -> Candidate:
    known = catalogue()
    what = known.issues[issue]
    group = known.groups[known.group_of(issue)]
    share = round(float(rng.uniform(0.3, 0.65)), 2)
    people = [(group.name, round(float(rng.uniform(1.0, 3.2)) * scale, 1))]
    if rng.random() < 0.4 and group.name != "Web Shop":
        people.append(("Web Shop", round(float(rng.uniform(0.5, 1.5)) * scale, 1)))
    kind = (
        "small fix" if what.months <= 2 else str(rng.choice(["cost conversion", "cost conversion", "differentiation", "proactive"]))
    )
    return Candidate(
        name=what.initiative,
        group=group.name,
        removes=(what.name,),
        share=share,
        cost=_rounded(cost * share * float(rng.uniform(0.12, 0.6))),
        people=tuple(people),
        months=what.months,
        kind=kind,
        confidence=round(float(rng.uniform(0.6, 0.95)), 2),
        company_wide=bool(rng.random() < 0.2),
        owner=world.seller.of(group.name)[0][1],
        sponsor=group.sponsor,
    )


def _rounded(money: float) -> int:
    return max(500, round(money / 500) * 500)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _initiatives(chosen: Sequence[Candidate]) -> str:
    lines = [
        "",
        "# --- Initiatives to choose from: the issues each removes, the share of them, person-months by group. ---",
        "# A run adds proposals of its own for issues nobody acts on; they cannot be chosen before somebody says what they need.",
    ]
    for each in chosen:
        lines += [
            "",
            "[[initiative]]",
            f"name = {_text(each.name)}",
            f"group = {_text(each.group)}",
            f"removes = {_list(each.removes)}",
        ]
        lines += [f"share = {each.share:g}", f"cost = {each.cost}", f"people = {_table(each.people)}", f"months = {each.months}"]
        lines += [f"needs = {_list(each.needs)}          # must be finished first"] if each.needs else []
        lines += [f"excludes = {_list(each.excludes)}    # one or the other"] if each.excludes else []
        lines += [f"kind = {_text(each.kind)}", f"confidence = {each.confidence:g}"]
        lines += ["company_wide = true"] if each.company_wide else []
        lines += [f"owner = {_text(each.owner)}", f"sponsor = {_text(each.sponsor)}"]
    return "\n".join(lines) + "\n"


def _limits(world: World, chosen: Sequence[Candidate]) -> str:
    """Money for about a third of the candidates, and people for about one at a time in each group."""
    total = sum(each.cost for each in chosen)
    parts = (0.13, 0.09, 0.07, 0.05)
    lines = [
        "",
        "# --- Limits: what we have. Three to five things at a time, company-wide and in each group, none is allowed. ---",
        "",
    ]
    lines += ["[limits]", "months = 12", "company_initiatives = 3", "group_initiatives = 1"]
    lines += ["[limits.budget]", *(f"{_text(q)} = {_rounded(total * part)}" for q, part in zip(QUARTERS, parts, strict=True))]
    lines += ["[limits.capacity]           # person-months a month that are not needed for the daily work"]
    lines += [f"{_text(each.name)} = {max(0.4, 0.065 * len(world.seller.of(each.name))):.1f}" for each in catalogue().groups]
    return "\n".join(lines) + "\n"


def _risks(chosen: Sequence[Candidate], world: World) -> str:
    leads = {each.name: world.seller.of(each.name)[0][1] for each in catalogue().groups}
    rows = (
        (
            "two of our carriers renegotiate in autumn",
            "rates rise before the new promise of dates is tested",
            chosen[0],
            3,
            4,
            "mitigate",
        ),
        ("the bank changes its file format", "payments cannot be matched for weeks", chosen[1], 2, 4, "mitigate"),
        ("three experienced colleagues retire", "answers take longer before they take less", chosen[2], 4, 3, "mitigate"),
        ("the sensor has a single supplier", "parts come months late", chosen[3], 2, 5, "transfer"),
        ("the shop's freeze begins in November", "what is not live by then waits until January", chosen[6], 4, 2, "accept"),
    )
    leading = ("a promise broken louder than before", "a second year with the same complaint", "sponsors who turn to other things")
    lines = ["", "# --- Risks: because ... may ... leading to ... ---"]
    for place, (because, may, threatened, probability, impact, response) in enumerate(rows):
        lines += ["", "[[risk]]", f"because = {_text(because)}", f"may = {_text(may)}", f"leading_to = {_text(leading[place % 3])}"]
        lines += [f"initiative = {_text(threatened.name)}", f"probability = {probability}", f"impact = {impact}"]
        lines += [f"residual_probability = {max(1, probability - 1)}", f"residual_impact = {max(1, impact - 1)}"]
        lines += [
            f'response = "{response}"',
            'action = "Reviewed at each monthly meeting of the sponsors"',
            f"owner = {_text(leads[threatened.group])}",
        ]
        lines += ["review = 2026-09-30"]
    return "\n".join(lines) + "\n"


def _raci(chosen: Sequence[Candidate], world: World) -> str:
    leads = {each.name: world.seller.of(each.name)[0][1] for each in catalogue().groups}
    lines = ["", "# --- Who does it, who answers for it (exactly one), who is asked, who is told ---"]
    for place, each in enumerate(chosen[:6]):
        others = [name for name in leads if name != each.group]
        asked = [group for group, _ in each.people if group != each.group] or [others[place % len(others)]]
        lines += ["", "[[raci]]", f"work = {_text(each.name)}", f"responsible = {_list([each.group])}"]
        lines += [f"accountable = {_list([leads[each.group]])}", f"consulted = {_list(asked)}"]
        lines += [f"informed = {_list([others[(place + 2) % len(others)], 'Account Management'])}"]
    return "\n".join(lines) + "\n"


def _benefits(world: World) -> str:
    known, plan = catalogue(), world.plan
    changed = [change.issue for change in plan.changes]
    lines = [
        "",
        "# --- Benefits: what past changes brought. Occurrences are counted around the day and compared with the rest. ---",
    ]
    compared = [each.topic for issue, each in enumerate(known.issues) if issue not in changed and plan.ranks[issue] >= 2]
    for change in plan.changes:
        issue = known.issues[change.issue]
        group = known.groups[known.group_of(change.issue)]
        lines += [
            "",
            "[[benefit]]",
            f"issue = {_text(issue.name)}",
            f"group = {_text(group.name)}",
        ]
        lines += [
            'whose = "ours"',
            f"hours_each = {plan.minutes[change.issue] / 60:.3f}",
            f"money_each = {plan.direct[change.issue]:.2f}",
        ]
        lines += [
            'table = "interactions"',
            f"occurs_when = {_text(f'topic = {_quoted(issue.topic)}')}",
            f"changed_on = {change.on.isoformat()}",
        ]
        lines += [f"compared_when = {_text('topic in (' + ', '.join(_quoted(each) for each in compared) + ')')}"]
        lines += [f"verified_by = {_text(world.seller.of('Billing')[0][1])}", "verified_on = 2026-06-15"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
