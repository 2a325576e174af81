"""What a column of an export may become, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from vitalfew.listen.consent import ANALYSIS, CONTACT
from vitalfew.listen.proposing.roles import lexicon
from vitalfew.vocabulary import IDENTITY_COLUMNS, TABLES

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TABLE_NAMES: dict[str, _StrPromise] = {
    "responses": _("Survey answers"),
    "interactions": _("Tickets, calls, visits and other contacts"),
    "orders": _("Orders"),
    "order_lines": _("Lines of orders"),
    "people": _("Customers (people)"),
    "accounts": _("Customers (companies)"),
    "contracts": _("Contracts and subscriptions"),
    "deals": _("Opportunities of sales"),
    "employees": _("Employees"),
    "relations": _("Ties between people (referrals, messages)"),
    "competitors": _("Competitors"),
    "consents": _("What people consented to"),
}
"""The tables a file may become, the commonest first."""
COLUMN_NAMES: dict[str, _StrPromise] = {
    "response": _("Number of the response"),
    "order": _("Number of the order"),
    "line": _("Number of the line"),
    "person": _("Number of the customer"),
    "account": _("Number of the customer's company"),
    "deal": _("Number of the opportunity"),
    "contract": _("Number of the contract"),
    "employee": _("Employee"),
    "id": _("Number of the record"),
    "case": _("Number of the case"),
    "at": _("When it was"),
    "name": _("Name"),
    "email": _("E-mail address"),
    "phone": _("Phone"),
    "handle": _("Handle"),
    "born": _("Date of birth"),
    "street": _("Street"),
    "city": _("City"),
    "postcode": _("Postcode"),
    "national_id": _("National id"),
    "company": _("Name of the company"),
    "domain": _("Internet domain"),
    "parent": _("Company it belongs to"),
    "sector": _("Sector"),
    "country": _("Country"),
    "owner": _("Who looks after it"),
    "employees": _("People employed"),
    "revenue": _("Yearly revenue with us"),
    "since": _("Customer since"),
    "role": _("Role"),
    "first_seen": _("Known since"),
    "stage": _("Stage"),
    "touchpoint": _("Touchpoint"),
    "channel": _("Channel"),
    "device": _("Device"),
    "step": _("Step or activity"),
    "group": _("Work group"),
    "outcome": _("How it ended"),
    "minutes": _("Minutes of work"),
    "cost": _("Cost"),
    "topic": _("Topic"),
    "text": _("What was said"),
    "amount": _("Amount"),
    "promised_at": _("Promised for"),
    "delivered_at": _("Delivered"),
    "closed_at": _("Decided on"),
    "start_at": _("First day"),
    "end_at": _("Last day"),
    "status": _("Status"),
    "product": _("Product"),
    "seller": _("Seller or supplier"),
    "freight": _("Freight"),
    "hour_cost": _("Cost of an hour"),
    "weight": _("Weight"),
    "from": _("From whom"),
    "to": _("To whom"),
    "kind": _("Kind"),
    "competitor": _("Competitor"),
    "factor": _("Factor"),
    "level": _("Level or score"),
    "n": _("Answers behind it"),
    "question": _("Question (one answer a row)"),
    "value": _("Answer (one answer a row)"),
    "purpose": _("What was asked for (analysis, contact)"),
    "state": _("Given, refused or withdrawn"),
    "consent": _("Number of the statement"),
}
CONSTANTS: dict[str, dict[str, _StrPromise]] = {
    "columns.purpose": {CONTACT: _("to be contacted"), ANALYSIS: _("to be analysed")},
}
"""What a column of the same value for every record may be that has an effect; other values are kept and shown."""
KIND_NAMES: dict[str, _StrPromise] = {
    "nps": _("Would you recommend us, 0 to 10"),
    "rating": _("Rating on a scale"),
    "number": _("Number"),
    "yes_no": _("Yes or no"),
    "choice": _("One of several answers"),
    "top_picks": _("Several picks, parted by ;"),
    "codes": _("Codes of answers"),
    "text": _("Comment in words"),
}
REFERS = ("person", "account", "order", "from", "to")
"""Columns that hold the keys of another source."""


def columns_of(table: str) -> tuple[list[str], list[str]]:
    """The columns a file may fill in a table: those about the thing itself, and those about who it is about."""
    words = next(each for each in lexicon() if each.table == table)
    named = [role.name for role in words.roles]
    named += [name for name in TABLES[table].names if name in COLUMN_NAMES and name not in named]
    left_out = {"records", "last_seen", *(("kind",) if table == "responses" else ())}
    own = [name for name in named if name not in IDENTITY_COLUMNS and name not in left_out]
    return own, [name for name in IDENTITY_COLUMNS if table not in ("competitors", "order_lines")]


def timed(table: str, name: str) -> bool:
    """Whether a column holds dates or times."""
    return name == "born" or (name in TABLES[table].names and TABLES[table].column(name).kind in ("time", "date"))
