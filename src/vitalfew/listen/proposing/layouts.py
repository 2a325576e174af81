"""Exports recognised by their headers: survey tools, ticket systems and CRMs whose layout is documented.

A layout says which table a file is and which of its columns are which, so nothing of that is guessed. Compared with published
lists of headers were: Salesforce opportunities and Qualtrics; Formbricks and LimeSurvey (their own sources, where they name the
columns of the file); SurveyMonkey, Typeform, Zendesk, Jira, HubSpot contacts, companies and deals, Salesforce accounts and contacts
(headers as public programs that read their exports quote them). HubSpot tickets and Salesforce cases are written from knowledge of
the products. None was tried on an export of a customer's own.

The documentation meant: Qualtrics 'Understanding your dataset' (three header rows), SurveyMonkey 'Individual responses export'
(two), LimeSurvey manual 'Exporting results', Formbricks 'Export responses', Typeform 'Responses file', Zendesk 'Exporting data to
a CSV file', Jira 'Working with search results' (CSV), Salesforce object reference (API names) and report exports (labels),
HubSpot 'Export your records'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

SURE = 0.97


@dataclass(frozen=True)
class Layout:
    """One documented layout.

    `needs` are headers (in lower case) that must all be there. `columns` gives, for a vocabulary column, the headers that hold it,
    best first; headers in braces such as `{first} {last}` are joined. `aside` matches headers that are no question of a survey;
    `formats` are forms of dates the reader does not find out by itself; `utc` says that times are in UTC.
    """

    name: str
    table: str
    needs: frozenset[str]
    columns: Mapping[str, tuple[str, ...]]
    aside: str = ""
    formats: tuple[str, ...] = ()
    utc: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


def _needs(*names: str) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


QUALTRICS = Layout(
    "Qualtrics survey",
    "responses",
    _needs("StartDate", "EndDate", "RecordedDate", "ResponseId", "Progress"),
    {
        "response": ("ResponseId",),
        "at": ("RecordedDate", "EndDate"),
        "email": ("RecipientEmail",),
        "name": ("{RecipientFirstName} {RecipientLastName}",),
        "person": ("ExternalReference", "ExternalDataReference"),
        "channel": ("DistributionChannel",),
    },
    r"startdate|enddate|status|ipaddress|progress|duration \(in seconds\)|finished|recordeddate|responseid|recipient.*|"
    r"external(data)?reference|location(latitude|longitude)|distributionchannel|userlanguage|.*_nps_group|"
    r".*_(first click|last click|page submit|click count)|q_.*",
)
SURVEYMONKEY = Layout(
    "SurveyMonkey survey",
    "responses",
    _needs("Respondent ID", "Collector ID"),
    {
        "response": ("Respondent ID",),
        "at": ("Date Modified", "End Date", "Date Created", "Start Date"),
        "email": ("Email Address",),
        "name": ("{First Name} {Last Name}",),
        "person": ("Custom Data 1", "Custom Data"),
    },
    r"respondent id|collector id|date created|date modified|start date|end date|ip address|email address|first name|last name|"
    r"custom data.*",
)
LIMESURVEY_CODES = Layout(
    "LimeSurvey survey",
    "responses",
    _needs("id", "submitdate", "lastpage", "startlanguage"),
    {"response": ("id",), "at": ("submitdate",), "person": ("token",)},
    r"id|submitdate|lastpage|startlanguage|seed|token|startdate|datestamp|ipaddr|refurl|interviewtime|.*time",
)
LIMESURVEY_TEXTS = Layout(
    "LimeSurvey survey",
    "responses",
    _needs("Response ID", "Date submitted", "Last page", "Start language"),
    {"response": ("Response ID",), "at": ("Date submitted",), "person": ("Access code", "Token")},
    r"response id|date submitted|last page|start language|seed|access code|token|date started|date last action|ip address|"
    r"referrer url|total time|(group|question) time:?.*",
)
FORMBRICKS = Layout(
    "Formbricks survey",
    "responses",
    _needs("No.", "Response ID", "Timestamp", "Finished", "Survey ID"),
    {"response": ("Response ID",), "at": ("Timestamp",), "person": ("User ID", "Person ID"), "email": ("email",)},
    r"no\.|response id|timestamp|finished|survey id|formbricks id \(internal\)|user id|person id|contact id|notes|tags|url|country|"
    r"source|action|browser|os|device|quotas|ip address|.*useragent.*|.*variables?.*|email|userid|language",
)
TYPEFORM = Layout(
    "Typeform survey",
    "responses",
    _needs("#", "Submit Date (UTC)", "Network ID"),
    {"response": ("#", "Token"), "at": ("Submit Date (UTC)",), "email": ("Email", "email"), "person": ("user_id", "customer_id")},
    r"#|token|response type|start date \(utc\)|stage date \(utc\)|submit date \(utc\)|network id|tags|ending|score|e-?mail",
    utc=True,
)
ZENDESK = Layout(
    "Zendesk tickets",
    "interactions",
    _needs("Id", "Requester", "Requester id", "Assignee", "Created at"),
    {
        "id": ("Id",),
        "case": ("Id",),
        "at": ("Created at",),
        "person": ("Requester external id",),
        "name": ("Requester",),
        "email": ("Requester email",),
        "company": ("Organization",),
        "group": ("Group",),
        "employee": ("Assignee",),
        "channel": ("Via",),
        "topic": ("Ticket type",),
        "outcome": ("Status",),
        "text": ("Subject",),
        "minutes": ("Full resolution time in minutes", "Full resolution time (min)"),
    },
    values={"touchpoint": "Helpdesk"},
)
JIRA = Layout(
    "Jira issues",
    "interactions",
    _needs("Summary", "Issue key", "Issue Type", "Status", "Created"),
    {
        "id": ("Issue key",),
        "case": ("Issue key",),
        "at": ("Created",),
        "name": ("Reporter",),
        "company": ("Custom field (Organizations)",),
        "group": ("Project name", "Project key"),
        "employee": ("Assignee",),
        "topic": ("Issue Type",),
        "outcome": ("Resolution", "Status"),
        "channel": ("Custom field (Request channel type)",),
        "text": ("Description", "Summary"),
    },
    formats=("%d/%b/%y %I:%M %p",),
    values={"touchpoint": "Helpdesk"},
)
SALESFORCE_ACCOUNTS = Layout(
    "Salesforce accounts",
    "accounts",
    _needs("Id", "Name", "Industry", "OwnerId"),
    {
        "account": ("Id",),
        "name": ("Name",),
        "domain": ("Website",),
        "parent": ("ParentId",),
        "sector": ("Industry",),
        "country": ("BillingCountry",),
        "city": ("BillingCity",),
        "owner": ("OwnerId",),
        "employees": ("NumberOfEmployees",),
        "since": ("CreatedDate",),
    },
    utc=True,
)
SALESFORCE_CONTACTS = Layout(
    "Salesforce contacts",
    "people",
    _needs("Id", "AccountId", "FirstName", "LastName", "Email"),
    {
        "person": ("Id",),
        "account": ("AccountId",),
        "name": ("{FirstName} {LastName}",),
        "email": ("Email",),
        "phone": ("Phone", "MobilePhone"),
        "role": ("Title",),
        "city": ("MailingCity",),
        "postcode": ("MailingPostalCode",),
        "first_seen": ("CreatedDate",),
    },
    utc=True,
)
SALESFORCE_OPPORTUNITIES = Layout(
    "Salesforce opportunities",
    "deals",
    _needs("Id", "AccountId", "StageName", "CloseDate"),
    {
        "deal": ("Id",),
        "account": ("AccountId",),
        "person": ("ContactId",),
        "employee": ("OwnerId",),
        "at": ("CreatedDate",),
        "closed_at": ("CloseDate",),
        "stage": ("StageName",),
        "amount": ("Amount",),
    },
    utc=True,
)
SALESFORCE_REPORT = Layout(
    "Salesforce report of opportunities",
    "deals",
    _needs("Opportunity Name", "Account Name", "Stage", "Close Date", "Amount"),
    {
        "deal": ("Opportunity ID",),
        "account": ("Account ID",),
        "company": ("Account Name",),
        "employee": ("Opportunity Owner",),
        "at": ("Created Date",),
        "closed_at": ("Close Date",),
        "stage": ("Stage",),
        "amount": ("Amount",),
    },
)
SALESFORCE_CASES = Layout(
    "Salesforce cases",
    "interactions",
    _needs("Id", "CaseNumber", "Status", "Origin", "Subject"),
    {
        "id": ("Id",),
        "case": ("CaseNumber",),
        "account": ("AccountId",),
        "person": ("ContactId",),
        "at": ("CreatedDate",),
        "channel": ("Origin",),
        "topic": ("Reason", "Type"),
        "employee": ("OwnerId",),
        "outcome": ("Status",),
        "email": ("SuppliedEmail",),
        "text": ("Description", "Subject"),
    },
    utc=True,
    values={"touchpoint": "Helpdesk"},
)
HUBSPOT_CONTACTS = Layout(
    "HubSpot contacts",
    "people",
    _needs("Record ID", "First Name", "Last Name", "Email"),
    {
        "person": ("Record ID",),
        "account": ("Primary Associated Company ID", "Associated Company IDs (Primary)", "Associated Company IDs"),
        "company": ("Associated Company", "Company name"),
        "name": ("{First Name} {Last Name}",),
        "email": ("Email",),
        "phone": ("Phone Number", "Mobile Phone Number"),
        "role": ("Job Title",),
        "city": ("City",),
        "postcode": ("Postal Code",),
        "first_seen": ("Create Date",),
    },
)
# Which columns an export has is the user's choice: some have no names.
HUBSPOT_ADDRESSES = replace(HUBSPOT_CONTACTS, needs=_needs("Record ID", "Email", "Contact owner"))
HUBSPOT_COMPANIES = Layout(
    "HubSpot companies",
    "accounts",
    _needs("Record ID", "Company name"),
    {
        "account": ("Record ID",),
        "name": ("Company name",),
        "domain": ("Company Domain Name", "Domain", "Website URL", "Website"),
        "parent": ("Parent Company ID",),
        "sector": ("Industry",),
        "country": ("Country/Region", "Country"),
        "city": ("City",),
        "owner": ("Company owner",),
        "employees": ("Number of Employees",),
        "since": ("Create Date",),
    },
)
HUBSPOT_DEALS = Layout(
    "HubSpot deals",
    "deals",
    _needs("Record ID", "Deal Name", "Deal Stage"),
    {
        "deal": ("Record ID",),
        "account": ("Associated Company IDs (Primary)", "Associated Company IDs", "Primary Associated Company ID"),
        "person": ("Associated Contact IDs",),
        "company": ("Associated Company", "Associated Company (Primary)"),
        "employee": ("Deal owner",),
        "at": ("Create Date",),
        "closed_at": ("Close Date",),
        "stage": ("Deal Stage",),
        "amount": ("Amount",),
    },
)
HUBSPOT_TICKETS = Layout(
    "HubSpot tickets",
    "interactions",
    _needs("Ticket name", "Ticket status", "Pipeline"),
    {
        "id": ("Ticket ID", "Record ID"),
        "case": ("Ticket ID", "Record ID"),
        "at": ("Create date", "Create Date"),
        "account": ("Associated Company IDs (Primary)", "Associated Company IDs"),
        "person": ("Associated Contact IDs",),
        "company": ("Associated Company",),
        "employee": ("Ticket owner",),
        "group": ("Pipeline",),
        "channel": ("Source",),
        "topic": ("Category",),
        "outcome": ("Ticket status",),
        "text": ("Ticket description", "Ticket name"),
    },
    values={"touchpoint": "Helpdesk"},
)

LAYOUTS = (
    *(QUALTRICS, SURVEYMONKEY, LIMESURVEY_CODES, LIMESURVEY_TEXTS, FORMBRICKS, TYPEFORM, ZENDESK, JIRA, SALESFORCE_CASES),
    *(SALESFORCE_OPPORTUNITIES, SALESFORCE_CONTACTS, SALESFORCE_ACCOUNTS, SALESFORCE_REPORT),
    *(HUBSPOT_TICKETS, HUBSPOT_DEALS, HUBSPOT_COMPANIES, HUBSPOT_CONTACTS, HUBSPOT_ADDRESSES),
)


def recognised(headers: Sequence[str]) -> Layout | None:
    """The layout a file has by its headers; of several the one that needs most of them."""
    have = {header.strip().casefold() for header in headers}
    fitting = [layout for layout in LAYOUTS if layout.needs <= have]
    return max(fitting, key=lambda layout: len(layout.needs), default=None)


def found_in(layout: Layout, headers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each vocabulary column of a layout, the header that holds it, or the two that are joined, as the file has them."""
    by_fold = {header.strip().casefold(): header for header in headers}
    made: dict[str, tuple[str, ...]] = {}
    for role, names in layout.columns.items():
        for name in names:
            parts = re.findall(r"\{([^}]*)\}", name) or [name]
            held = [by_fold[part.casefold()] for part in parts if part.casefold() in by_fold]
            if len(held) == len(parts):
                made[role] = tuple(held)
                break
    return made


def zone_of(headers: Sequence[Sequence[str]]) -> str:
    """The time zone Qualtrics states in the third header row, '' when none is."""
    for cell in headers[2] if len(headers) > 2 else ():
        try:
            stated = json.loads(cell)
        except ValueError:
            continue
        if isinstance(stated, dict) and isinstance(stated.get("timeZone"), str) and stated["timeZone"] not in ("", "Z"):
            return str(stated["timeZone"])
    return ""
