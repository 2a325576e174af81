"""Exports of survey tools, ticket systems and CRMs are recognised by their documented headers. The files are written by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from exports import read

from vitalfew.company import load
from vitalfew.engine import DuckEngine
from vitalfew.listen.proposing import propose
from vitalfew.listen.proposing.layouts import LAYOUTS, recognised
from vitalfew.listen.stage import faults_of

N = 24
COMMENT = "it took too long until somebody answered"


def csv(*records: list[object]) -> str:
    return "\n".join(",".join('"' + str(cell).replace('"', '""') + '"' for cell in record) for record in records) + "\n"


def qualtrics() -> str:
    names = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)", "Finished", "RecordedDate"]
    names += ["ResponseId", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference", "LocationLatitude"]
    names += ["LocationLongitude", "DistributionChannel", "UserLanguage", "Q1_NPS_GROUP", "Q1", "Q2_1", "Q2_2", "Q3"]
    texts = [
        "Start Date",
        "End Date",
        "Response Type",
        "IP Address",
        "Progress",
        "Duration (in seconds)",
        "Finished",
        "Recorded Date",
    ]
    texts += ["Response ID", "Recipient Last Name", "Recipient First Name", "Recipient Email", "External Data Reference"]
    texts += ["Location Latitude", "Location Longitude", "Distribution Channel", "User Language"]
    texts += ["How likely are you to recommend us? - Group", "How likely are you\nto recommend us?"]
    texts += ["How satisfied are you with - Delivery", "How satisfied are you with - Invoices", "What should we do better?"]
    zone = ("startDate", "endDate", "recordedDate")
    ids = ["startDate", "endDate", "status", "ipAddress", "progress", "duration", "finished", "recordedDate", "_recordId"]
    ids += ["recipientLastName", "recipientFirstName", "recipientEmail", "externalDataReference", "locationLatitude"]
    ids += ["locationLongitude", "distributionChannel", "userLanguage", "QID1_NPS_GROUP", "QID1", "QID2_1", "QID2_2", "QID3_TEXT"]
    third = [f'{{"ImportId":"{each}"' + (',"timeZone":"America/Denver"' if each in zone else "") + "}" for each in ids]
    data: list[list[object]] = []
    for n in range(N):
        at = f"2026-05-{n % 28 + 1:02d} 10:{n:02d}:00"
        record: list[object] = [at, at, "IP Address", "10.0.0.1", 100, 60 + n, "True", at, f"R_{n:015d}", "Doe", f"Jo{n}"]
        record += [f"jo{n}@example.com", f"C{n}", "52.1", "4.2", "email", "EN", "Promoter", n % 11, n % 5 + 1, (n + 2) % 5 + 1]
        data.append([*record, f"{COMMENT} {n}"])
    return csv(list(names), list(texts), list(third), *data)


def surveymonkey() -> str:
    first = [
        "Respondent ID",
        "Collector ID",
        "Date Created",
        "Date Modified",
        "IP Address",
        "Email Address",
        "First Name",
        "Last Name",
    ]
    first += ["Custom Data 1", "How likely are you to recommend us?", "How satisfied are you with", "", "What should we do better?"]
    second = [""] * 9 + ["Response", "Delivery", "Invoices", "Open-Ended Response"]
    data: list[list[object]] = [
        [
            f"1180{n:07d}",
            "41",
            f"05/{n % 28 + 1:02d}/2026 10:{n:02d}:00 AM",
            f"05/{n % 28 + 1:02d}/2026 11:{n:02d}:00 AM",
            "10.0.0.1",
            f"jo{n}@example.com",
            f"Jo{n}",
            "Doe",
            f"C{n}",
            n % 11,
            n % 5 + 1,
            (n + 2) % 5 + 1,
            f"{COMMENT} {n}",
        ]
        for n in range(N)
    ]
    return csv(list(first), list(second), *data)


def simple(header: list[str], record: Callable[[int], list[object]]) -> str:
    return csv(list(header), *(record(n) for n in range(N)))


def limesurvey() -> str:
    header = ["id", "submitdate", "lastpage", "startlanguage", "seed", "token", "startdate", "datestamp", "ipaddr", "NPS"]
    return simple(
        [*header, "SAT[delivery]", "SAT[invoices]", "OPEN"],
        lambda n: (
            [
                n + 1,
                f"2026-05-{n % 28 + 1:02d} 10:00:00",
                3,
                "en",
                123456 + n,
                f"tok{n:05d}x",
                f"2026-05-{n % 28 + 1:02d} 09:55:00",
                f"2026-05-{n % 28 + 1:02d} 10:00:00",
                "10.0.0.1",
                n % 11,
                f"A{n % 5 + 1}",
                f"A{(n + 2) % 5 + 1}",
                f"{COMMENT} {n}",
            ]
        ),
    )


def limesurvey_in_words() -> str:
    """The same survey, exported with full questions for headings."""
    codes = ["id", "submitdate", "lastpage", "startlanguage", "seed", "token", "startdate", "datestamp", "ipaddr", "NPS"]
    words = ["Response ID", "Date submitted", "Last page", "Start language", "Seed", "Access code", "Date started"]
    words += ["Date last action", "IP address", "How likely are you to recommend us?"]
    text = limesurvey()
    for code, word in zip(codes, words, strict=True):
        text = text.replace(f'"{code}"', f'"{word}"', 1)
    text = text.replace('"SAT[delivery]"', '"How satisfied are you? [Delivery]"').replace('"OPEN"', '"What should we do better?"')
    return text.replace('"SAT[invoices]"', '"How satisfied are you? [Invoices]"')


def formbricks() -> str:
    header = ["No.", "Response ID", "Timestamp", "Finished", "Survey ID", "Formbricks ID (internal)", "User ID", "Notes", "Tags"]
    header += ["1. How likely are you to recommend us?", "2. How good was the delivery?", "3. What should we do better?"]
    return simple(
        header,
        lambda n: (
            [
                N - n,
                f"cm{n:022d}",
                f"2026-05-{n % 28 + 1:02d} 10:00",
                "Yes",
                "cls1",
                "",
                f"user-{n}",
                "",
                "",
                n % 11,
                n % 5 + 1,
                f"{COMMENT} {n}",
            ]
        ),
    )


def typeform() -> str:
    header = [
        "#",
        "How likely are you to recommend us?",
        "How good was the delivery?",
        "What should we do better?",
        "Response Type",
    ]
    header += ["Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)", "Network ID", "Tags"]
    return simple(
        header,
        lambda n: (
            [
                f"{n:032x}",
                n % 11,
                n % 5 + 1,
                f"{COMMENT} {n}",
                "completed",
                f"2026-05-{n % 28 + 1:02d} 09:59:00",
                "",
                f"2026-05-{n % 28 + 1:02d} 10:00:00",
                f"{n:010x}",
                "",
            ]
        ),
    )


def zendesk() -> str:
    header = ["Summation column", "Id", "Requester", "Requester id", "Requester external id", "Requester email", "Requester domain"]
    header += ["Submitter", "Assignee", "Group", "Subject", "Tags", "Status", "Priority", "Via", "Ticket type", "Created at"]
    header += ["Updated at", "Assigned at", "Organization", "Due date", "Initially assigned at", "Solved at", "Resolution time"]
    header += ["Satisfaction Score", "Group stations", "Assignee stations", "Reopens", "Replies", "First reply time in minutes"]
    header += ["First resolution time in minutes", "Full resolution time in minutes"]
    at = "2026-05-{:02d} 10:00"
    return simple(
        header,
        lambda n: (
            [1, n + 100, f"Jo Doe {n}", 9000 + n, "", f"jo{n}@example.com", "example.com", f"Jo Doe {n}", "Ann Agent", "Support"]
            + [f"Where is my order number {n}?", "order", "Solved", "Normal", "Mail", "Question", at.format(n % 28 + 1)]
            + [at.format(n % 28 + 1)] * 2
            + ["Acme", "", at.format(n % 28 + 1), at.format(n % 28 + 1), 3, "Good", 1, 1, 0, 2, 30 + n, 90 + n, 95 + n]
        ),
    )


def jira() -> str:
    header = ["Summary", "Issue key", "Issue id", "Issue Type", "Status", "Project key", "Project name", "Priority", "Resolution"]
    header += [
        "Assignee",
        "Reporter",
        "Creator",
        "Created",
        "Updated",
        "Resolved",
        "Labels",
        "Labels",
        "Description",
        "Comment",
        "Comment",
    ]
    return simple(
        header,
        lambda n: (
            [
                f"The export of report {n} fails",
                f"SUP-{n}",
                10000 + n,
                "Incident",
                "Done",
                "SUP",
                "Support",
                "Medium",
                "Fixed",
                "Ann",
                f"Jo Doe {n}",
                f"Jo Doe {n}",
                f"{n % 28 + 1:02d}/May/26 {n % 12 + 1}:15 PM",
                f"{n % 28 + 1:02d}/May/26 9:15 PM",
                "",
                "a",
                "b",
                f"It says that something went wrong, for the {n}th time",
                "",
                "",
            ]
        ),
    )


def salesforce_accounts() -> str:
    header = ["Id", "IsDeleted", "Name", "Type", "ParentId", "BillingCity", "BillingCountry", "Phone", "Website", "Industry"]
    return simple(
        [*header, "NumberOfEmployees", "OwnerId", "CreatedDate"],
        lambda n: (
            [
                f"001xx000003DG{n:02d}AAA",
                "false",
                f"Firm {n}",
                "Customer",
                "",
                "Lyon",
                "France",
                "+33 4 72 00 00 00",
                f"firm{n}.example.com",
                "Energy",
                100 + n,
                f"005xx00000{n % 3}AAA",
                "2024-03-01T10:00:00.000Z",
            ]
        ),
    )


def salesforce_contacts() -> str:
    return simple(
        ["Id", "AccountId", "LastName", "FirstName", "MailingCity", "Phone", "Email", "Title", "OwnerId", "CreatedDate"],
        lambda n: (
            [
                f"003xx000004T{n:02d}AAA",
                f"001xx000003DG{n:02d}AAA",
                "Doe",
                f"Jo{n}",
                "Lyon",
                "+33 4 72 00 00 00",
                f"jo{n}@example.com",
                "Buyer",
                "005xx000001AAA",
                "2024-03-01T10:00:00.000Z",
            ]
        ),
    )


def salesforce_opportunities() -> str:
    stages = ("Closed Won", "Closed Lost", "Negotiation/Review")
    return simple(
        [
            "Id",
            "AccountId",
            "Name",
            "StageName",
            "Amount",
            "Probability",
            "CloseDate",
            "IsClosed",
            "IsWon",
            "OwnerId",
            "CreatedDate",
        ],
        lambda n: (
            [
                f"006xx000004X{n:02d}AAA",
                f"001xx000003DG{n:02d}AAA",
                f"Deal {n}",
                stages[n % 3],
                1000 + n,
                50,
                f"2026-05-{n % 28 + 1:02d}",
                "true",
                "true",
                "005xx000001AAA",
                "2026-01-05T10:00:00.000Z",
            ]
        ),
    )


def salesforce_cases() -> str:
    return simple(
        [
            "Id",
            "CaseNumber",
            "AccountId",
            "ContactId",
            "Status",
            "Origin",
            "Reason",
            "Subject",
            "Description",
            "OwnerId",
            "CreatedDate",
        ],
        lambda n: (
            [
                f"500xx000000A{n:02d}AAA",
                f"{n:08d}",
                f"001xx000003DG{n:02d}AAA",
                f"003xx000004T{n:02d}AAA",
                "Closed",
                "Web",
                "Delivery",
                f"Late again {n}",
                f"{COMMENT} {n}",
                "005xx000001AAA",
                "2026-05-05T10:00:00.000Z",
            ]
        ),
    )


def salesforce_report() -> str:
    return simple(
        [
            "Opportunity Owner",
            "Account Name",
            "Opportunity Name",
            "Stage",
            "Close Date",
            "Amount",
            "Created Date",
            "Opportunity ID",
        ],
        lambda n: ["Ann", f"Firm {n}", f"Deal {n}", "Closed Won", f"{n % 28 + 1}/5/2026", 100 + n, "25/1/2026", f"006xx{n:010d}"],
    )


def hubspot_contacts() -> str:
    header = ["Record ID", "First Name", "Last Name", "Email", "Phone Number", "Job Title", "Associated Company"]
    return simple(
        [*header, "Associated Company IDs (Primary)", "Lifecycle Stage", "Create Date"],
        lambda n: (
            [
                7000 + n,
                f"Jo{n}",
                "Doe",
                f"jo{n}@example.com",
                "+33 4 72 00 00 00",
                "Buyer",
                f"Firm {n}",
                88000 + n,
                "Customer",
                f"2026-05-{n % 28 + 1:02d} 10:00",
            ]
        ),
    )


def hubspot_addresses() -> str:
    """Contacts of which the user exported no names."""
    return simple(
        ["Record ID", "Email", "Contact owner", "Lifecycle Stage", "Country/Region", "Create Date"],
        lambda n: [7000 + n, f"jo{n}@example.com", "Ann", "Customer", "France", f"2026-05-{n % 28 + 1:02d} 10:00"],
    )


def hubspot_companies() -> str:
    return simple(
        ["Record ID", "Company name", "Company Domain Name", "Company owner", "Create Date", "Industry", "City", "Country/Region"],
        lambda n: [88000 + n, f"Firm {n}", f"firm{n}.example.com", "Ann", "2024-03-01 10:00", "Energy", "Lyon", "France"],
    )


def hubspot_deals() -> str:
    header = ["Record ID", "Deal Name", "Deal Stage", "Close Date", "Deal owner", "Amount", "Pipeline", "Create Date"]
    return simple(
        [*header, "Associated Company", "Associated Company IDs (Primary)"],
        lambda n: (
            [
                5000 + n,
                f"Deal {n}",
                "Closed won" if n % 2 else "Closed lost",
                f"2026-05-{n % 28 + 1:02d} 10:00",
                "Ann",
                100 + n,
                "Sales Pipeline",
                "2026-01-05 10:00",
                f"Firm {n}",
                88000 + n,
            ]
        ),
    )


def hubspot_tickets() -> str:
    return simple(
        [
            "Ticket ID",
            "Ticket name",
            "Pipeline",
            "Ticket status",
            "Create date",
            "Close date",
            "Source",
            "Category",
            "Ticket owner",
        ],
        lambda n: [
            300 + n,
            f"Late again {n}",
            "Support",
            "Closed",
            f"2026-05-{n % 28 + 1:02d} 10:00",
            "",
            "EMAIL",
            "Delivery",
            "Ann",
        ],
    )


SURVEYS: Mapping[str, tuple[Callable[[], str], dict[str, Any]]] = {
    "Qualtrics": (
        qualtrics,
        {"response": "ResponseId", "at": "RecordedDate", "email": "RecipientEmail", "person": "ExternalReference"},
    ),
    "SurveyMonkey": (surveymonkey, {"response": "Respondent ID", "at": "Date Modified", "email": "Email Address"}),
    "LimeSurvey": (limesurvey, {"response": "id", "at": "submitdate", "person": "token"}),
    "LimeSurvey in words": (limesurvey_in_words, {"response": "Response ID", "at": "Date submitted", "person": "Access code"}),
    "Formbricks": (formbricks, {"response": "Response ID", "at": "Timestamp", "person": "User ID"}),
    "Typeform": (typeform, {"response": "#", "at": {"sql": "\"Submit Date (UTC)\" || ' UTC'"}}),
}
OTHERS: Mapping[str, tuple[Callable[[], str], str, dict[str, Any]]] = {
    "Zendesk tickets": (
        zendesk,
        "interactions",
        {"id": "Id", "at": "Created at", "email": "Requester email", "group": "Group", "employee": "Assignee", "channel": "Via"},
    ),
    "Jira issues": (
        jira,
        "interactions",
        {"id": "Issue key", "at": {"column": "Created", "format": "%d/%b/%y %I:%M %p"}, "name": "Reporter", "text": "Description"},
    ),
    "Salesforce accounts": (
        salesforce_accounts,
        "accounts",
        {"account": "Id", "name": "Name", "domain": "Website", "sector": "Industry"},
    ),
    "Salesforce contacts": (
        salesforce_contacts,
        "people",
        {"person": "Id", "account": "AccountId", "email": "Email", "role": "Title"},
    ),
    "Salesforce opportunities": (
        salesforce_opportunities,
        "deals",
        {"deal": "Id", "account": "AccountId", "stage": "StageName", "amount": "Amount", "closed_at": "CloseDate"},
    ),
    "Salesforce cases": (
        salesforce_cases,
        "interactions",
        {"id": "Id", "case": "CaseNumber", "channel": "Origin", "topic": "Reason"},
    ),
    "Salesforce report of opportunities": (salesforce_report, "deals", {"deal": "Opportunity ID", "company": "Account Name"}),
    "HubSpot contacts": (hubspot_contacts, "people", {"person": "Record ID", "email": "Email", "phone": "Phone Number"}),
    "HubSpot contacts without names": (hubspot_addresses, "people", {"person": "Record ID", "email": "Email"}),
    "HubSpot companies": (hubspot_companies, "accounts", {"account": "Record ID", "name": "Company name", "sector": "Industry"}),
    "HubSpot deals": (hubspot_deals, "deals", {"deal": "Record ID", "stage": "Deal Stage", "amount": "Amount"}),
    "HubSpot tickets": (hubspot_tickets, "interactions", {"id": "Ticket ID", "at": "Create date", "channel": "Source"}),
}


def proposed(folder: Path, name: str, text: str) -> tuple[str, dict[str, Any]]:
    """The layout found and the source proposed; the proposal stands the check."""
    (folder / "exports").mkdir(exist_ok=True)
    (folder / "exports" / f"{name}.csv").write_text(text, encoding="utf-8")
    made = propose(folder)
    (folder / "company.toml").write_text(made.text, encoding="utf-8")
    load(folder, faults_of)
    return made.found[0].layout, tomllib.loads(made.text)["source"][0]


@pytest.mark.parametrize("tool", list(SURVEYS))
def test_a_survey_tools_export_is_recognised_and_its_questions_are_found(
    tool: str, tmp_path: Path, shared_engine: DuckEngine
) -> None:
    """Its own columns are no questions; every response is loaded, none of the header rows is one."""
    export, columns = SURVEYS[tool]
    layout, source = proposed(tmp_path, "answers", export())
    assert layout == f"{tool.removesuffix(' in words')} survey"
    assert source["table"] == "responses"
    assert columns.items() <= source["columns"].items()
    questions = list(source["questions"].values())
    kinds = [each["kind"] for each in questions]
    assert kinds.count("nps") == 1
    assert kinds.count("text") == 1
    assert kinds.count("rating") == len(kinds) - 2 >= 1
    assert [each["kind"] for each in questions if each.get("outcome")] == ["nps"]
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert found.sources[0]["rows_loaded"] == N
    assert not found.refused
    assert {row["question"] for row in found.records} == set(source["questions"])
    assert len({row["key"] for row in found.records}) == N


@pytest.mark.parametrize("kind", list(OTHERS))
def test_a_ticket_systems_or_crms_export_is_recognised(kind: str, tmp_path: Path, shared_engine: DuckEngine) -> None:
    export, table, columns = OTHERS[kind]
    layout, source = proposed(tmp_path, "data", export())
    assert (layout, source["table"]) == (kind.removesuffix(" without names"), table)
    assert columns.items() <= source["columns"].items()
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert found.sources[0]["rows_loaded"] == N
    assert not found.refused


def test_qualtrics_wordings_become_labels_and_its_zone_the_companys(tmp_path: Path) -> None:
    _, source = proposed(tmp_path, "answers", qualtrics())
    assert source["header_rows"] == 3
    assert source["questions"]["q1"]["label"] == "How likely are you to recommend us?"
    assert source["questions"]["q2_1"]["driver"] == "Delivery"
    assert load(tmp_path).company.company.time_zone == "America/Denver"


def test_surveymonkey_options_below_a_question_become_drivers(tmp_path: Path) -> None:
    _, source = proposed(tmp_path, "answers", surveymonkey())
    assert source["header_rows"] == 2
    drivers = [(each["column"], each.get("driver")) for each in source["questions"].values() if each["kind"] == "rating"]
    assert drivers == [("How satisfied are you with / Delivery", "Delivery"), ("How satisfied are you with / Invoices", "Invoices")]


def test_limesurvey_answer_codes_become_numbers(tmp_path: Path, shared_engine: DuckEngine) -> None:
    proposed(tmp_path, "answers", limesurvey())
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert sorted({row["value"] for row in found.records if row["kind"] == "rating"}) == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_times_that_a_layout_writes_in_utc_stay_so_in_another_zone(tmp_path: Path, shared_engine: DuckEngine) -> None:
    proposed(tmp_path, "answers", typeform())
    file = tmp_path / "company.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('time_zone = "UTC"', 'time_zone = "Asia/Tokyo"'), encoding="utf-8")
    found = read(shared_engine, tmp_path, load(tmp_path).company)
    assert min(row["at"] for row in found.records) == datetime(2026, 5, 1, 10, 0)


def test_contacts_of_a_crm_belong_to_its_accounts(tmp_path: Path) -> None:
    for name, export in (("companies", hubspot_companies), ("contacts", hubspot_contacts), ("deals", hubspot_deals)):
        (tmp_path / f"{name}.csv").write_text(export(), encoding="utf-8")
    found = {each["name"]: each for each in tomllib.loads(propose(tmp_path).text)["source"]}
    for name in ("contacts", "deals"):
        assert found[name]["columns"]["account"] == {"column": "Associated Company IDs (Primary)", "of": "companies"}
    assert found["deals"]["columns"]["outcome"]["sql"].startswith("case when")


def test_headers_that_lack_one_of_a_layout_are_not_taken_for_it() -> None:
    for layout in LAYOUTS:
        have = sorted(layout.needs)
        assert recognised(have) is not None
        for missing in have:
            assert recognised([each for each in have if each != missing]) is not layout
