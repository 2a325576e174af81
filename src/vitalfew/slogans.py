"""Phrases that stand in any company's vision, and so say nothing about this one's."""

from __future__ import annotations

import re

SLOGANS = (
    "customer at the cent",
    "customers at the cent",
    "customer centric",
    "customer-centric",
    "customer obsessed",
    "customer-obsessed",
    "customer first",
    "customers first",
    "world class",
    "world-class",
    "best in class",
    "best-in-class",
    "exceed expectations",
    "exceed customer expectations",
    "exceed our customers' expectations",
    "delight our customers",
    "delight customers",
    "wow",
    "excellent customer experience",
    "seamless experience",
)


def slogan_in(text: str) -> str:
    """The slogan a text of fewer than 15 words is built on, '' when it says something. A longer text may hold one in passing.

    >>> slogan_in("We put the customer at the centre")
    'customer at the cent'
    >>> slogan_in("A parcel is found in one minute, by the driver, without a call")
    ''
    """
    plain = f" {' '.join(re.findall(r'[a-z-]+', text.casefold()))} "
    return next((each for each in SLOGANS if len(text.split()) < 15 and f" {each}" in plain), "")
