"""Values that identify people and companies, brought to one form: e-mails, phones, ids, addresses, company names.

Every function takes the text as it stands in a file and returns the normal form, or None when the text identifies nobody. They are
called once per distinct value.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources

from vitalfew.listen import phones


def _sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    section: list[str] = []
    for line in (resources.files("vitalfew.listen") / "words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            section.append(line)
    return found


WORD_LINES: dict[str, list[str]] = _sections()
"""The lines of words.txt by section: free mail, junk domains, role mailboxes, legal forms, titles, nicknames, ..."""


def word_list(section: str) -> frozenset[str]:
    """The words of one section of words.txt. Raises KeyError when it has none of that name."""
    return frozenset(word for line in WORD_LINES[section] for word in line.split())


FREE_MAIL = word_list("free mail")
JUNK_DOMAINS = word_list("junk domains")
ROLE_MAILBOXES = word_list("role mailboxes")
LEGAL_FORMS = word_list("legal forms")
NO_COMPANY = word_list("no company")


def _pairs(section: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in word_list(section))


_ZONES, _CURRENCIES, _LANGUAGES = _pairs("zones"), _pairs("currencies"), _pairs("languages")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def plain(text: str) -> str:
    """Lower case without accents; letters of every script stay.

    >>> plain("Łódź, Straße ÉTÉ")
    'lodz, strasse ete'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_LETTERS)


def text_or_none(text: str | None) -> str | None:
    """The text without outer and doubled spaces, None when nothing is left."""
    stripped = " ".join(text.split()) if text else ""
    return stripped or None


def email(text: str | None) -> str | None:
    """An e-mail address in its normal form, or None when it is none.

    NFKC, then lower case: not case-folded, for folding makes one address of two (`straße`, `strasse`), and never through upper
    case ('mıke'.upper().lower() is 'mike', who is somebody else). International domains become their ASCII form.

    >>> email(" Anna Rossi <mailto:Anna.Rossi@Acme.IT.> ")
    'anna.rossi@acme.it'
    """
    if not text or "@" not in text:
        return None
    found = unicodedata.normalize("NFKC", text).strip()
    inner = re.search(r"<([^<>]*@[^<>]*)>", found)
    found = (inner.group(1) if inner else found).strip(" \t\"';,").removeprefix("mailto:").lower()
    local, _, domain = found.rpartition("@")
    ascii_domain = _ascii_domain(domain)
    if ascii_domain is None or not local or len(local) > 64 or re.search(r"[\s@,;<>()]", local):
        return None
    return f"{local}@{ascii_domain}"


def email_key(address: str) -> str:
    """What two addresses of one mailbox share: the part after `+` dropped, and dots where the provider ignores them.

    >>> email_key("anna.rossi+shop@googlemail.com")
    'annarossi@gmail.com'
    """
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        return local.replace(".", "") + "@gmail.com"
    return f"{local}@{domain}"


def is_role_mailbox(address: str) -> bool:
    """Whether an address belongs to a function (info@, rechnung@), to nobody (noreply@) or was typed to get past a form."""
    local, _, domain = address.rpartition("@")
    local = local.partition("+")[0]
    return domain in JUNK_DOMAINS or re.sub(r"[^a-z]", "", local) in ROLE_MAILBOXES


@lru_cache(maxsize=100_000)
def _ascii_domain(text: str) -> str | None:
    domain = text.strip().strip(".").lower()
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return domain if re.fullmatch(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", domain) else None


@lru_cache(maxsize=200_000)
def domain(text: str | None) -> str | None:
    """The internet domain of a domain, web address or e-mail; None for free-mail domains, which are no company's.

    >>> domain("https://www.Acme.it/shop?x=1")
    'acme.it'
    >>> domain("anna@gmail.com") is None
    True
    """
    if not text:
        return None
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", unicodedata.normalize("NFKC", text).strip().lower())
    host = re.split(r"[/?#:]", host.rpartition("@")[2])[0]
    found = _ascii_domain(host.removeprefix("www."))
    return None if found is None or found in FREE_MAIL or found in JUNK_DOMAINS else found


def phone(text: str | None, region: str | None) -> str | None:
    """A phone number as E.164, or None when no valid number can be read; `region` is where numbers without a country code are from.

    >>> phone("06 12 34 56 78", "FR")
    '+33612345678'
    >>> phone("000000", "FR") is None
    True
    """
    if not text:
        return None
    digits = re.sub(r"\D", "", text)
    if len(digits) < 6 or len(set(digits[-7:])) == 1 or digits in "01234567890123456789" or digits in "98765432109876543210":
        return None
    # The extension is left out: who shares a switchboard is found from the names behind the number.
    return phones.e164(text, region)


def identifier(text: str | None) -> str | None:
    """A national id or a handle: letters and digits only, lower case; None when short or all one character."""
    if not text:
        return None
    found = re.sub(r"[^\w]", "", unicodedata.normalize("NFKC", text).lower())
    return found if len(found) >= 3 and len(set(found)) > 1 else None


def birthday(text: str | None) -> str | None:
    """A day of birth as its digits, or None; days that forms fill in by themselves (1900-01-01) say nothing."""
    digits = re.sub(r"\D", "", text or "")[:8]
    return digits if len(digits) == 8 and digits not in ("19000101", "19700101", "01011900", "01011970") else None


def line(text: str | None) -> str | None:
    """A street or a city in one form: lower case, without accents and doubled spaces."""
    return " ".join(plain(text or "").split()) or None


def postcode(text: str | None) -> str | None:
    """A postcode in one form: letters and digits only."""
    return "".join(letter for letter in plain(text or "") if letter.isalnum()) or None


def address(street: str | None, postcode: str | None, city: str | None) -> str | None:
    """Street with number, and postcode or city, in one form; None when one of the two or the house number is missing."""
    if not street or not (postcode or city) or not re.search(r"\d", street):
        return None
    return re.sub(r"[^\w]", "", plain(street)) + "|" + re.sub(r"[^\w]", "", plain(postcode or city or ""))


@lru_cache(maxsize=200_000)
def company_name(text: str | None) -> str | None:
    """A company's name without its legal form, accents, case and punctuation; None when nothing is left.

    >>> company_name("Müller & Söhne GmbH & Co. KG") == company_name("MULLER SOHNE")
    True
    """
    if not text:
        return None
    # Dots and apostrophes vanish (S.r.l. is srl); everything else that is no letter or digit parts words.
    words = re.sub(r"[^\w]+|_", " ", re.sub(r"[.'’]", "", plain(text))).split()
    kept = [word for word in words if word not in LEGAL_FORMS] or words
    nothing = all(word in NO_COMPANY for word in kept) or "".join(kept) in NO_COMPANY
    return None if nothing else " ".join(kept)


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    # A quarter of a second, only where a country is named.
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415

    found: dict[str, str] = {}
    for region in sorted(LOCALE_DATA):
        found[region.lower()] = region
        for name in LOCALE_DATA[region].values():
            if not name.startswith("*"):
                found.setdefault(plain(name), region)
    return found | {name.replace("-", " "): region for name, region in _pairs("countries").items()}


def region(country: str | None) -> str | None:
    """The two-letter region of a country's name (in any of many languages) or code.

    >>> region("Italia"), region("United States"), region("de")
    ('IT', 'US', 'DE')
    """
    return _countries().get(re.sub(r"[^\w]+", " ", plain(country)).strip()) if country else None


def home_region(time_zone: str, currency: str, language: str) -> str | None:
    """Where a company's own numbers are from: by its time zone, else its currency, else its language; None when none tells."""
    return _ZONES.get(time_zone.rpartition("/")[2]) or _CURRENCIES.get(currency) or _LANGUAGES.get(language[:2].lower())
