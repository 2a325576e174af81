"""Who is this? One customer identified at the moment of touch."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from vitalfew import faults
from vitalfew.web.api.calls import Call
from vitalfew.web.api.operations import give, operation
from vitalfew.web.api.problems import Fault, Problem
from vitalfew.web.understand import asking

router = Router()
TAGS: dict[str, Any] = {"tags": ["Who"]}


class Known(BaseModel):
    """What is known of somebody; at least one of these."""

    model_config = ConfigDict(extra="forbid")
    email: str = Field("", max_length=200)
    phone: str = Field("", max_length=200, description="without a country code, of the company's country")
    name: str = Field("", max_length=200, description="in any order")
    handle: str = Field("", max_length=200, description="user name")
    born: str = Field("", max_length=200, description="day of birth, as in the sources, e.g. 1980-05-02")
    street: str = Field("", max_length=200, description="street and house number")
    city: str = Field("", max_length=200)
    postcode: str = Field("", max_length=200)
    national_id: str = Field("", max_length=200)
    company: str = Field("", max_length=200, description="name of the company they call from")


class Asked(Known):
    """What is known of somebody."""

    key: str = Field("", max_length=400, description="a record of theirs as source#key, or the id of a person")


class NewRecord(Known):
    """A record met since the last run."""

    record: str = Field(max_length=400, description="source#key, as the export of the system will name it")


class EvidenceShape(BaseModel):
    """One field compared."""

    field: str
    agreement: str = Field(description="same, slip, local, compatible, renamed, related, shared, other, different")
    value: str = Field(description="the value that is known")
    record: str = Field(description="source#key of the record that says so; empty when none does by itself")


class AccountShape(BaseModel):
    """A customer company."""

    account: str
    name: str
    city: str
    people: int
    history: list[str] = Field(description="five lines; none for those who read the records of their own group only")


class ConsentShape(BaseModel):
    """What a person said to analysis and to being contacted: given, refused, withdrawn, not given where it is asked for, or ''."""

    analysis: str
    contact: str
    left_out: bool = Field(description="their records are left out of the analysis: there is no history")


class CandidateShape(BaseModel):
    """One person it may be."""

    person: str
    name: str
    email: str
    phone: str
    role: str
    confidence: float = Field(description="probability that it is this person, given what was said")
    records: int
    remembered: bool = Field(description="known only from what was remembered since the last run")
    consent: ConsentShape
    account: AccountShape | None
    evidence: list[EvidenceShape]
    history: list[str] = Field(description="five lines: last contact, open case, last answer, orders, complaints")
    facts: dict[str, str] = Field(description="what the five lines are made of; times are UTC")


class AnswerShape(BaseModel):
    """Who it is."""

    outcome: str = Field(description="found, doubtful (it could be one of the candidates), account, nobody")
    person: str | None = Field(description="id of the person found")
    confidence: float = Field(description="of the first candidate; 0 without one")
    account: AccountShape | None
    candidates: list[CandidateShape]
    notes: list[str] = Field(description="what was special: a shared mailbox, a field that could not be read")
    basis: str = Field(description="where the confidence comes from")


class Remembered(AnswerShape):
    """Who it is, and whose the record is now."""

    remembered_as: str = Field(description="id of the person the record belongs to from now on")


@operation(router, "POST", "/who", "records.read", reads=True, response=AnswerShape, summary="Who is this?", **TAGS)
def identify(call: Call, body: Asked) -> HttpResponse:
    """One customer identified from what is known at the moment of touch, with the evidence and the history in five lines. A POST
    that changes nothing, so that what is asked stands in no address; tokens that may only read may send it. For a group lead:
    customers the own group had to do with, without history. The audit log says which fields were asked by, not their values."""
    try:
        answer = asking.look_up(call, body.model_dump(exclude={"key"}), body.key.strip())
    except faults.Refused as refused:
        raise _problem(call, refused) from None
    return give(answer.told())


@operation(router, "POST", "/who/records", "records.read", response={201: Remembered}, summary="Remember a record", **TAGS)
def remember_record(call: Call, body: NewRecord) -> HttpResponse:
    """Look somebody up and remember the record: lookups know it at once, until an export brings it. For those who read the
    records of the whole company."""
    try:
        answer, person = asking.remember(call, body.record, body.model_dump(exclude={"record"}))
    except faults.Refused as refused:
        raise _problem(call, refused) from None
    return give({**answer.told(), "remembered_as": person}, status=201)


def _problem(call: Call, refused: faults.Refused) -> Problem:
    if call.run is None:
        return Problem(404, "This company has no finished run yet.")
    told = [Fault("body.record" if fault.file == "--remember" else "body", fault.what, fault.mend) for fault in refused.faults]
    return Problem(422, "Nobody can be identified by this.", told)
