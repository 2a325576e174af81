"""The shape of company.toml: every table and key, typed. `company.load` reads a file into it and lists what is wrong.

Unknown keys are faults, so that a misspelt one is never ignored. The reference page of settings is generated from this module.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from vitalfew.slogans import slogan_in

QuestionKind = Literal["nps", "rating", "number", "choice", "top_picks", "text", "codes", "yes_no"]
Stage = Literal["aware", "compare", "purchase", "implement", "use", "renew", "advocate"]


def slug(name: str) -> str:
    """A name as it stands in ids: lower case ASCII letters and digits, joined by single hyphens.

    >>> slug("Prazo de entrega não cumprido")
    'prazo-de-entrega-nao-cumprido'
    """
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return made or "u" + name.encode("utf-8").hex()[:16]


class Section(BaseModel):
    """A table of company.toml: unknown keys are refused, values are not changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class CompanySection(Section):
    """`[company]`: who we are."""

    name: str = Field(min_length=1, description="the company's name")
    currency: str = Field("EUR", min_length=3, max_length=3, description="three-letter code of the money in every table")
    time_zone: str = Field("UTC", description="zone that times without one are in, and that pages show")
    as_of: date | None = Field(None, description="the day the strategy is made for; the latest date in the data when left out")
    language: str = Field("en", description="language of the pages")
    brands: list[str] = Field(
        default_factory=list,
        description="names of your shops, brands and partners as customers write them: no theme is called by one",
    )
    vision: str = Field("", description="which customer problem, what gets better in their life, which mindset")
    value_of_point: float | None = Field(
        None, gt=0, lt=1, description="share of a year's revenue one outcome point is worth, used only when the data cannot tell"
    )
    margin: float = Field(1.0, gt=0, le=1, description="share of revenue left after cost of goods, for profit and value at stake")
    minimum_group: int = Field(5, ge=3, description="scores of fewer people than this are withheld")
    seed: int = Field(20260630, description="seed of every resampling draw")
    draws: int = Field(400, ge=50, le=10000, description="resampling draws behind each interval")


class ColumnRule(Section):
    """How one vocabulary column is filled: from a column, an SQL expression over the file's columns, or a constant."""

    column: str | None = Field(None, description="column of the file")
    sql: str | None = Field(None, description="scalar SQL expression (DuckDB's dialect) over the file's columns")
    value: str | float | bool | None = Field(None, description="the same value for every record")
    format: str | None = Field(None, description="how dates are written, e.g. %d/%m/%Y; only for dates and times")
    of: str | None = Field(None, description="for person, account, order: the source whose keys these are")

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        given = [name for name in ("column", "sql", "value") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of column, sql and value. Got {', '.join(given) or 'none'} instead")
        return self


def _as_rule(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Rule = Annotated[ColumnRule, BeforeValidator(_as_rule)]


class Question(Section):
    """One question of a survey: where its answers stand, how they are scaled, what they mean for drivers and groups."""

    column: str | None = Field(None, description="column of the file, for wide files")
    columns: list[str] = Field(default_factory=list, description="several columns of one multi-code question")
    sql: str | None = Field(None, description="SQL expression instead of a column")
    kind: QuestionKind = Field(description="nps, rating, number, choice, top_picks, text, codes or yes_no")
    scale: tuple[float, float] | None = Field(None, description="lowest and highest answer possible; nps is 0 to 10")
    blank: list[float | str] = Field(default_factory=list, description="answers that mean no answer, e.g. 0 or 99")
    yes: list[str] = Field(default_factory=list, description="answers that mean yes, for yes_no")
    labels: dict[str, float] = Field(default_factory=dict, description="numbers of answers given as words")
    label: str = Field("", description="what readers see instead of the name")
    outcome: bool = Field(False, description="an outcome that drivers explain")
    driver: str = Field("", description="name of the driver this question measures")
    group: str = Field("", description="work group that owns what is asked about")
    issue: str = Field("", description="what it is called when it goes wrong")
    touchpoint: str = Field("", description="touchpoint asked about")
    codebook: str = Field("", description="file with two columns, code and label")

    @model_validator(mode="after")
    def _scaled(self) -> Question:
        if self.kind == "rating" and self.scale is None:
            raise ValueError("a rating needs its scale, like scale = [1, 5]")
        if self.scale is not None and self.scale[0] >= self.scale[1]:
            raise ValueError(f"scale must go from low to high. Got {list(self.scale)} instead")
        if self.driver and self.kind not in ("rating", "nps", "number", "yes_no"):
            raise ValueError(f"a driver must be a rating, nps, number or yes_no. Got {self.kind} instead")
        return self

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest answer possible, or None when any number is."""
        fixed = {"nps": (0.0, 10.0), "yes_no": (0.0, 1.0)}
        return fixed.get(self.kind) or self.scale


class LongQuestion(Question):
    """`[[question]]`: a question of a long survey, found by the value of the question column."""

    name: str = Field(min_length=1, description="the value of the question column")


# Keys that only some kinds of source have.
_ONLY = {
    "path": {"format", "sheet", "encoding", "delimiter"},
    "sql": {"database", "key", "watermark", "overlap"},
    "url": {
        *("rows", "parameters", "headers", "token", "pages", "timeout", "retries", "megabytes"),
        *("key", "watermark", "overlap", "since"),
    },
}


class Pages(Section):
    """`[source.pages]`: how the answers of a `url` follow each other."""

    by: Literal["page", "offset", "cursor", "link"] = Field(
        description="page: by number; offset: by rows read; cursor: by a value in the answer; link: by an address in it"
    )
    parameter: str = Field("", description="query parameter that asks for a page; page, offset or cursor when left out")
    first: int = Field(1, ge=0, description="number of the first page")
    size_parameter: str = Field("", description="query parameter that asks for so many rows a page")
    size: int | None = Field(None, ge=1, description="rows asked for a page")
    next: str = Field(
        "", description="where the cursor or link stands in the answer, e.g. meta.next; the Link header when left out"
    )
    total: str = Field("", description="where the answer says how many rows there are in all; fewer are then a fault")
    limit: int = Field(10_000, ge=1, description="most pages that are read")

    @model_validator(mode="after")
    def _told(self) -> Pages:
        if self.by == "cursor" and not self.next:
            raise ValueError('paging by cursor needs next, where the cursor stands in the answer, e.g. next = "meta.cursor"')
        if bool(self.size_parameter) != (self.size is not None):
            raise ValueError("give size and size_parameter together")
        return self


class Control(Section):
    """`control` of a source: what its deliveries must amount to. Anything else is a fault, as when a file was cut on its way."""

    rows: int | None = Field(None, ge=0, description="records there must be, refused ones included")
    least: int | None = Field(None, ge=0, description="records there must be at least, refused ones included")
    column: str = Field("", description="column of the file that is summed for total")
    total: float | None = Field(None, description="what the numbers of column must add up to")

    @model_validator(mode="after")
    def _told(self) -> Control:
        if bool(self.column) != (self.total is not None):
            raise ValueError("total and column belong together")
        if self.rows is None and self.least is None and self.total is None:
            raise ValueError("give rows, least, or total with its column")
        return self


class Source(Section):
    """`[[source]]`: files, a query or a web address, the vocabulary table its records become, and how its columns fill it."""

    name: str = Field(min_length=1, description="name of the source")
    table: str = Field(description="vocabulary table")
    path: list[str] = Field(default_factory=list, description="file, or files by glob, relative to company.toml")
    sql: str = Field("", description="one SELECT, asked of database instead of reading files")
    database: str = Field("", description="variable of the environment with the database's address, e.g. env:CRM_URL")
    url: str = Field("", description="https address that answers with JSON, instead of files")
    rows: str = Field("", description="where the rows stand in the answer of url, e.g. data.items; the answer itself when left out")
    parameters: dict[str, str] = Field(default_factory=dict, description="query parameters of url; a value may be env:NAME")
    headers: dict[str, str] = Field(default_factory=dict, description="headers sent to url; a value may be env:NAME")
    token: str = Field("", description="variable of the environment with the bearer token of url, e.g. env:CRM_TOKEN")
    pages: Pages | None = Field(None, description="how the answers of url follow each other; one answer when left out")
    timeout: float = Field(30, gt=0, le=600, description="seconds to wait for url to go on")
    retries: int = Field(4, ge=0, le=10, description="further tries when url is busy (429), fails (5xx) or breaks off")
    megabytes: int = Field(32, ge=1, le=1024, description="most megabytes of one answer of url")
    key: list[str] = Field(default_factory=list, description="columns that tell one row from another, for reading only what is new")
    watermark: str = Field("", description="column that says when a row was last changed: only what is new is read")
    overlap: float = Field(
        0, ge=0, description="how far before the last watermark to read again: days, or counts of a whole number"
    )
    since: str = Field("", description="query parameter of url that asks for rows since the watermark")
    format: Literal["csv", "tsv", "jsonl", "parquet", "xlsx"] | None = Field(None, description="when the ending does not say it")
    sheet: str | None = Field(None, description="sheet of a workbook; the first when left out")
    encoding: str | None = Field(None, description="encoding of a text file; detected when left out")
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="delimiter of a text file; detected when left out")
    skip: int = Field(0, ge=0, le=1000, description="lines of a text file, or rows of a sheet, before the names of the columns")
    header_rows: int = Field(
        1,
        ge=1,
        le=10,
        description="rows that name the columns; the first holds the names, the second those of columns the first leaves blank",
    )
    control: Control | None = Field(None, description="how many records there must be, or what a column must add up to")
    columns: dict[str, Rule] = Field(default_factory=dict, description="vocabulary column = column of the file, or a rule")
    segments: dict[str, Rule] = Field(default_factory=dict, description="name of a cut = column of the file, or a rule")
    questions: dict[str, Question] = Field(
        default_factory=dict, description="questions of a wide survey; of a long one, by the value of its question column"
    )

    @field_validator("path", "key", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        given = [name for name in ("path", "sql", "url") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of path, sql and url. Got {', '.join(given) or 'none'} instead")
        # By value, not by being named: settings kept by a run, or saved in the application, name every key.
        fields = type(self).model_fields
        used = {
            name for name in self.model_fields_set if getattr(self, name) != fields[name].get_default(call_default_factory=True)
        }
        foreign = sorted(used & {name for origin, names in _ONLY.items() if origin != given[0] for name in names - _ONLY[given[0]]})
        if foreign:
            raise ValueError(f"{', '.join(foreign)}: not for a source with {given[0]}")
        if self.sql and not self.database:
            raise ValueError('sql needs its database, e.g. database = "env:CRM_URL"')
        if bool(self.watermark) != bool(self.key):
            raise ValueError("reading only what is new needs both watermark and key")
        if self.url and bool(self.watermark) != bool(self.since):
            raise ValueError("reading only what is new from a url needs both watermark and since, the parameter that asks for it")
        if self.overlap and not self.watermark:
            raise ValueError("overlap is for a source with a watermark")
        return self

    @field_validator("database", "token")
    @classmethod
    def _from_environment(cls, value: str) -> str:
        if value and not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*", value):
            # The value is not shown: it may be the secret itself.
            raise PydanticCustomError(
                "secret", "must name a variable of the environment, e.g. env:CRM_URL; secrets do not belong here"
            )
        return value

    @field_validator("url")
    @classmethod
    def _private(cls, value: str) -> str:
        if value and not re.match(r"(https://[^/@?#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)([/?]|$)", value):
            raise PydanticCustomError(
                "address",
                "must begin with https:// (http only to this machine) and hold no password; give those with token or headers",
            )
        return value

    @property
    def fetched(self) -> bool:
        """Whether its rows come from a database or over HTTP, and not from files."""
        return not self.path


class Mend(Section):
    """`[[mend]]`: values of one column that are mended as they are read. Every use is counted and shown in the table mended."""

    source: str = Field(min_length=1, description="source, by name")
    column: str = Field(min_length=1, description="column of its files")
    value: str | None = Field(None, description="the value to mend, without blanks at its ends")
    pattern: str | None = Field(None, min_length=1, description="or all values that match this regular expression as a whole")
    to: str | None = Field(None, description="what is read in its place; of a pattern, \\1 is its first group")
    blank: bool = Field(False, description="true: read it as empty")
    leave_out: bool = Field(False, description="true: leave the record out, which then stands in the quarantine as left out")
    reason: str = Field(min_length=1, description="why this is right")

    @model_validator(mode="after")
    def _one_of_each(self) -> Mend:
        if (self.value is None) == (self.pattern is None):
            raise ValueError("give exactly one of value and pattern")
        if (self.to is not None) + self.blank + self.leave_out != 1:
            raise ValueError("give exactly one of to, blank = true and leave_out = true")
        return self


class Group(Section):
    """`[[group]]`: a work group: product team, account team, support function."""

    name: str = Field(min_length=1, description="name")
    kind: str = Field("", description="product team, account team, support function, ...")
    lead: str = Field("", description="who leads it")
    people: float = Field(0, ge=0, description="people in it")
    hour_cost: float = Field(0, ge=0, description="cost of an hour")
    parent: str = Field("", description="work group it belongs to")
    sponsor: str = Field("", description="who signs its strategy")
    serves: str = Field("", description="whom it serves")
    touchpoints: list[str] = Field(default_factory=list, description="touchpoints, steps and topics it owns")


class Promise(Section):
    """`[[promise]]`: what customers were promised and how keeping it is told from the data."""

    name: str = Field(min_length=1, description="name")
    text: str = Field("", description="what was said")
    source: str = Field("", description="where it was said")
    group: str = Field("", description="work group that owns it")
    table: str = Field("orders", description="vocabulary table it is measured on")
    kept_when: str = Field(description="SQL expression over the table's columns: true when kept")
    applies_when: str = Field("", description="SQL expression: records it applies to; all with a verdict when left out")
    perceived: str = Field("", description="question that shows how customers see it")
    standard: float | None = Field(None, gt=0, le=1, description="share that must be kept")
    issue: str = Field("", description="what it is called when it is broken")


class Initiative(Section):
    """`[[initiative]]`: a candidate to choose from."""

    name: str = Field(min_length=1, description="name")
    group: str = Field("", description="work group that owns it; the largest share of people when left out")
    driver: str = Field("", description="driver it improves")
    removes: list[str] = Field(default_factory=list, description="issues or themes it removes, by name")
    share: float = Field(0.3, gt=0, le=1, description="share of those issues it removes")
    cost: float = Field(0, ge=0, description="money it needs")
    people: dict[str, float] = Field(default_factory=dict, description="person-months by group")
    months: int = Field(3, ge=1, le=60, description="months it takes")
    needs: list[str] = Field(default_factory=list, description="initiatives that must be finished first")
    excludes: list[str] = Field(default_factory=list, description="initiatives that cannot be done as well")
    earliest: date | None = Field(None, description="first day it can start")
    confidence: float = Field(0.8, gt=0, le=1, description="how sure the estimates are, for RICE")
    kind: Literal["cost conversion", "expansion", "differentiation", "small fix", "proactive"] = Field(
        "cost conversion", description="kind"
    )
    proposed: bool = Field(
        False, description="an idea nobody has agreed to yet: left out when it costs more than it brings within the months planned"
    )
    owner: str = Field("", description="who answers for it")
    sponsor: str = Field("", description="who pays for it")
    company_wide: bool = Field(False, description="counts against company_initiatives instead of its group's")


class Cause(Section):
    """`[[cause]]`: one why of an issue, authored by the group."""

    issue: str = Field(min_length=1, description="issue, by name or id")
    group: str = Field("", description="work group, when several have an issue of that name")
    branch: str = Field("1", description="branch of the tree")
    depth: int = Field(ge=1, le=5, description="1 is the first why")
    text: str = Field(min_length=1, description="the why")
    evidence: str = Field("", description="what shows it")
    controllable: bool = Field(True, description="whether the group can act on it")
    status: Literal["guessed", "tested", "confirmed", "refuted"] = Field("guessed", description="how sure")
    kind: Literal["people", "method", "material", "machine", "environment", "management"] = Field("method", description="class")
    action: str = Field("", description="what answers it")
    owner: str = Field("", description="who does it")


class Theme(Section):
    """`[[theme]]`: a name people understand for a theme found in comments, and who answers for it."""

    name: str = Field(min_length=1, description="the name to show")
    words: list[str] = Field(min_length=1, description="words customers use; the theme found that fits them best gets the name")
    driver: str = Field("", description="driver or promise it belongs to; found from bad ratings when left out")
    group: str = Field("", description="work group that causes it; the driver's group when left out")


class Limits(Section):
    """`[limits]`: what we have."""

    months: int = Field(12, ge=1, le=36, description="months planned")
    budget: dict[str, float] = Field(default_factory=dict, description="money by quarter, e.g. 2026-Q3")
    company_initiatives: int = Field(5, ge=0, le=20, description="company-wide initiatives at a time")
    group_initiatives: int = Field(1, ge=0, le=20, description="initiatives of one group at a time")
    capacity: dict[str, float] = Field(default_factory=dict, description="person-months a month by group")

    @field_validator("budget")
    @classmethod
    def _quarters(cls, value: dict[str, float]) -> dict[str, float]:
        for quarter, money in value.items():
            if not re.fullmatch(r"\d{4}-Q[1-4]", quarter):
                raise ValueError(f"a quarter is written like 2026-Q3. Got {quarter!r} instead")
            if money < 0:
                raise ValueError(f"the budget of {quarter} must not be negative. Got {money} instead")
        return value


class Risk(Section):
    """`[[risk]]`: because ... may ... leading to."""

    because: str = Field(min_length=1, description="cause")
    may: str = Field(min_length=1, description="event")
    leading_to: str = Field(min_length=1, description="effect")
    initiative: str = Field("", description="initiative it threatens")
    probability: int = Field(3, ge=1, le=5, description="1 to 5")
    impact: int = Field(3, ge=1, le=5, description="1 to 5")
    residual_probability: int | None = Field(None, ge=1, le=5, description="after the response")
    residual_impact: int | None = Field(None, ge=1, le=5, description="after the response")
    response: Literal["avoid", "transfer", "mitigate", "accept"] = Field("mitigate", description="response")
    action: str = Field("", description="what is done")
    trigger: str = Field("", description="what would show it coming")
    owner: str = Field("", description="owner")
    review: date | None = Field(None, description="next review")


class Raci(Section):
    """`[[raci]]`: who is responsible, accountable, consulted, informed."""

    work: str = Field(min_length=1, description="initiative, by name")
    responsible: list[str] = Field(default_factory=list, description="who does it")
    accountable: list[str] = Field(default_factory=list, description="who answers for it: exactly one")
    consulted: list[str] = Field(default_factory=list, description="who is asked")
    informed: list[str] = Field(default_factory=list, description="who is told")


class Benefit(Section):
    """`[[benefit]]`: one line of the benefits ledger."""

    issue: str = Field(min_length=1, description="issue, by name")
    group: str = Field("", description="work group, when several have an issue of that name")
    initiative: str = Field("", description="initiative that brought it")
    whose: Literal["ours", "customers'"] = Field("ours", description="whose cost")
    hours_each: float = Field(0, ge=0, description="hours per occurrence")
    money_each: float = Field(0, ge=0, description="money per occurrence besides hours")
    before: float | None = Field(None, ge=0, description="occurrences a year before; counted when occurs_when is given")
    after: float | None = Field(None, ge=0, description="occurrences a year after; counted when occurs_when is given")
    table: str = Field("interactions", description="table occurrences are counted in")
    occurs_when: str = Field("", description="SQL expression over the table's columns: true for an occurrence")
    changed_on: date | None = Field(None, description="day the change was made: before and after are counted around it")
    compared_when: str = Field("", description="SQL expression: records of the comparison group, which was not changed")
    recurring: bool = Field(True, description="comes back each year")
    verified_by: str = Field("", description="who verified it")
    verified_on: date | None = Field(None, description="when")


class Sponsor(Section):
    """`[[sponsor]]`: somebody whose word, money or time the strategy needs; inside the company or at a customer."""

    name: str = Field(min_length=1, description="name")
    role: str = Field("", description="position")
    group: str = Field("", description="work group whose strategy they sponsor; the whole company's when left out")
    account: str = Field("", description="customer they speak for, for customer sponsors")
    measured_on: str = Field("", description="what they are measured on")
    influence: int = Field(3, ge=1, le=5, description="1 to 5")
    interest: int = Field(3, ge=1, le=5, description="1 to 5")
    commitment: Literal["opposed", "unaware", "neutral", "supportive", "leading"] = Field("neutral", description="commitment now")
    wanted: Literal["opposed", "unaware", "neutral", "supportive", "leading"] = Field("supportive", description="commitment wanted")
    asked: str = Field("", description="what was asked: decisions, airtime, help")
    granted: str = Field("", description="what was granted of it")
    money_asked: float = Field(0, ge=0, description="money asked")
    money_granted: float = Field(0, ge=0, description="money granted")
    people_asked: float = Field(0, ge=0, description="person-months asked")
    people_granted: float = Field(0, ge=0, description="person-months granted")
    gains: str = Field("", description="what is in it for them")
    cadence_days: int | None = Field(None, ge=1, le=366, description="days from one contact to the next")
    last_contact: date | None = Field(None, description="last contact")
    next_contact: date | None = Field(None, description="next contact")
    days_a_month: float | None = Field(None, ge=0, le=31, description="days a month they give, for customer sponsors")
    touches: int | None = Field(None, ge=0, description="contacts a year, for customer sponsors")


class Barrier(Section):
    """`[[barrier]]`: what stands in the way of an initiative, an action or a group."""

    name: str = Field(min_length=1, description="name")
    kind: Literal["silo", "incentive", "process", "technology", "authority", "management alignment", "skill"] = Field(
        "process", description="kind"
    )
    group: str = Field("", description="work group it stands in the way of")
    evidence: str = Field("", description="what shows it")
    blocks: list[str] = Field(default_factory=list, description="initiatives it blocks, by name")
    removal: str = Field("", description="what removes it")
    owner: str = Field("", description="who removes it")
    due: date | None = Field(None, description="by when")
    status: Literal["open", "being removed", "removed"] = Field("open", description="how far")


class Consent(Section):
    """`[consent]`: what people must have agreed to; the statements themselves come from sources with table = "consents"."""

    required: bool = Field(False, description="analyse only people who agreed; else everybody but who refused or withdrew")
    contact_required: bool = Field(False, description="contact only people who agreed; else everybody but who refused or withdrew")


def record_of(text: str, sources: Iterable[str]) -> tuple[str, str] | None:
    """The source and key that `source#key` names, or None when it begins with no source's name.

    >>> record_of("crm#C1", ["crm", "web"])
    ('crm', 'C1')
    """
    longest = max((name for name in sources if text.startswith(f"{name}#") and len(text) > len(name) + 1), key=len, default="")
    return (longest, text[len(longest) + 1 :]) if longest else None


class Link(Section):
    """`[[link]]`: two records that people know to be of one person, or one company, or of two, whatever the rules say."""

    left: str = Field(description="one record: the name of its source, # and its key there, e.g. crm#C1")
    right: str = Field(description="the other record")
    decision: Literal["same", "different"] = Field(description="same: one person or company; different: two")
    reason: str = Field("", description="how you know")

    @model_validator(mode="before")
    @classmethod
    def _one_order(cls, values: Any) -> Any:
        # A pair is the same pair the other way round.
        if isinstance(values, dict) and isinstance(values.get("left"), str) and isinstance(values.get("right"), str):
            left, right = sorted((values["left"].strip(), values["right"].strip()))
            return {**values, "left": left, "right": right}
        return values

    @field_validator("left", "right")
    @classmethod
    def _of_a_source(cls, value: str) -> str:
        if "#" not in value.strip("#"):
            raise ValueError(f"a record is written source#key, like crm#C1. Got {value!r} instead")
        return value

    @model_validator(mode="after")
    def _two(self) -> Link:
        if self.left == self.right:
            raise ValueError(f"left and right must be two records. Got {self.left!r} twice instead")
        return self


class Vision(Section):
    """`[vision]`: the vision in its parts; the sentence itself is `vision` in `[company]`."""

    customer_problem: str = Field("", description="which customer problem is solved")
    change: str = Field("", description="what gets better in customers' lives")
    mindset: str = Field("", description="the mindset it asks of everybody who works here")
    adjacent_services: list[str] = Field(default_factory=list, description="services beside the product that would help customers")
    intended: dict[Stage, str] = Field(default_factory=dict, description="intended experience by stage of the journey")
    not_doing: list[str] = Field(default_factory=list, description="what is deliberately not done")

    @field_validator("customer_problem", "change", "mindset")
    @classmethod
    def _specific(cls, value: str) -> str:
        slogan = slogan_in(value)
        if slogan:
            what = "could stand in any company's vision: say which customers, when, and what changes for them"
            raise ValueError(f"{slogan!r} {what}")
        return value


class Company(Section):
    """The whole of company.toml."""

    company: CompanySection
    source: list[Source] = Field(default_factory=list)
    question: list[LongQuestion] = Field(default_factory=list)
    mend: list[Mend] = Field(default_factory=list)
    group: list[Group] = Field(default_factory=list)
    promise: list[Promise] = Field(default_factory=list)
    initiative: list[Initiative] = Field(default_factory=list)
    cause: list[Cause] = Field(default_factory=list)
    theme: list[Theme] = Field(default_factory=list)
    limits: Limits = Field(default_factory=lambda: Limits.model_validate({}))
    risk: list[Risk] = Field(default_factory=list)
    raci: list[Raci] = Field(default_factory=list)
    benefit: list[Benefit] = Field(default_factory=list)
    sponsor: list[Sponsor] = Field(default_factory=list)
    barrier: list[Barrier] = Field(default_factory=list)
    link: list[Link] = Field(default_factory=list)
    consent: Consent = Field(default_factory=lambda: Consent.model_validate({}))
    vision: Vision = Field(default_factory=lambda: Vision.model_validate({}))

    @property
    def questions(self) -> dict[str, Question]:
        """Every question by name, of wide and long surveys; a name used by several waves keeps its first definition."""
        found: dict[str, Question] = {}
        for source in self.source:
            for name, question in source.questions.items():
                found.setdefault(name, question)
        for long_question in self.question:
            found.setdefault(long_question.name, long_question)
        return found

    @property
    def outcome(self) -> str:
        """The outcome question everything else is judged by: the first marked so, else the first nps, else none ('')."""
        questions = self.questions
        marked = next((name for name, question in questions.items() if question.outcome), "")
        return marked or next((name for name, question in questions.items() if question.kind == "nps"), "")

    def hour_cost(self, group: str) -> float:
        """Cost of an hour in `group`; the mean of all groups when it is unknown."""
        costs = {each.name: each.hour_cost for each in self.group if each.hour_cost > 0}
        return costs.get(group, sum(costs.values()) / len(costs) if costs else 0.0)
