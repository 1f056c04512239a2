"""Which column of an export is which: headers are compared with those that each source writes."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from gtmsim.fit.reading.headers_ads import CAMPAIGN_HEADERS
from gtmsim.fit.reading.headers_sales import OPPORTUNITY_HEADERS, REP_HEADERS

HEADERS: Final = {
    "campaigns": CAMPAIGN_HEADERS,
    "reps": REP_HEADERS,
    "opportunities": OPPORTUNITY_HEADERS,
}
_CODES: Final = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK DZD EGP EUR GBP HKD HUF IDR ILS INR JPY KES "
    "KRW MAD MXN MYR NGN NOK NZD PEN PHP PKR PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD UYU VND "
    "ZAR"
)
CURRENCIES: Final = frozenset(_CODES.split())
SYMBOLS: Final = {
    "$": "$", "€": "EUR", "£": "GBP", "¥": "¥", "₹": "INR", "R$": "BRL", "US$": "USD", "A$": "AUD",
    "C$": "CAD", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "₪": "ILS", "zł": "PLN",
    "Kč": "CZK",
}  # fmt: skip
_LONGEST: Final = 200
"""Characters of a header that are looked at."""

_SUFFIX = re.compile(r"^(.*\S)\s*[(\[]([^()\[\]]*)[)\]]\s*$", re.DOTALL)
_CODE = re.compile(r"^(.*\S)(?:\s([A-Z]{3}|\S{0,2}[$€£¥₹₩₽₺₫₪])|_([A-Za-z]{3}))$", re.DOTALL)


@dataclass(frozen=True)
class Header:
    """A header, taken apart.

    Attributes
    ----------
    key : str
        Letters and digits only, without case and accents, and without the unit.
    unit : str
        What stands in brackets behind it, unless that is a currency.
    currency : str
        Code or symbol; empty if it names none.

    Examples
    --------
    >>> Header.of("Montant dépensé (EUR)")
    Header(key='montantdepense', unit='', currency='EUR')
    """

    key: str
    unit: str = ""
    currency: str = ""

    @classmethod
    def of(cls, header: str) -> Header:
        """Return the header's parts.

        Examples
        --------
        >>> Header.of("spend_usd").currency, Header.of("Start Date (in UTC)").key
        ('USD', 'startdate')
        """
        unit, header = "", header[:_LONGEST]
        if found := _SUFFIX.match(header):
            header, unit = found[1], found[2].strip()
            if currency := currency_of(unit):
                return cls(_key(header), "", currency)
        elif found := _CODE.match(header):
            currency = currency_of(found[2] or found[3].upper())
            if currency:
                return cls(_key(found[1]), "", currency)
        return cls(_key(header), unit)


def currency_of(text: str) -> str:
    """Return the currency that a code or symbol stands for; empty if it is none.

    Examples
    --------
    >>> currency_of("€"), currency_of("AUD"), currency_of("points")
    ('EUR', 'AUD', '')
    """
    return text if text in CURRENCIES else SYMBOLS.get(text, "")


def _key(header: str) -> str:
    plain = unicodedata.normalize("NFKD", header.casefold()).replace("%", "pct")
    return "".join(letter for letter in plain if letter.isalnum())


@dataclass(frozen=True)
class Match:
    """Which source a file is from, and which of its columns is which field.

    Attributes
    ----------
    source : str
        The source with the most votes; the first in the table of several.
    votes : dict of str to int
        Number of headers known from each source that has any.
    columns : dict of str to str
        Header by field.
    others : dict of str to list of str
        Headers that could have been the same field and came later in the order.
    """

    source: str
    votes: dict[str, int]
    columns: dict[str, str]
    others: dict[str, list[str]] = field(default_factory=dict)


def match_headers(
    kind: str, headers: Sequence[str], overrides: Mapping[str, str] | None = None
) -> Match:
    """Return which header is which field.

    Headers vote for the sources that write them. A field is looked for under the names that the
    winning source gives it, in their order, and then under those of the other sources.

    Parameters
    ----------
    kind : {"campaigns", "reps", "opportunities"}
    headers : sequence of str
    overrides : mapping of str to str, optional
        Header by field, taken as they are.

    Returns
    -------
    Match

    Examples
    --------
    >>> match_headers("campaigns", ["Campaign name", "Amount spent (USD)", "Reach"]).source
    'Meta Ads'
    """
    sources = HEADERS[kind]
    by_key: dict[str, str] = {}
    for header in headers:
        by_key.setdefault(Header.of(header).key, header)
    votes = {
        source: len(by_key.keys() & {_key_of(name) for names in fields.values() for name in names})
        for source, fields in sources.items()
    }
    source = max(votes, key=votes.__getitem__)
    columns = dict(overrides or {})
    others: dict[str, list[str]] = {}
    order = [source, *(name for name in sources if name != source)]
    for name in fields_of(kind):
        aliases = [alias for one in order for alias in sources[one].get(name, ())]
        found = dict.fromkeys(by_key[key] for key in map(_key_of, aliases) if key in by_key)
        free = [header for header in found if header not in columns.values()]
        if name not in columns and free:
            columns[name] = free.pop(0)
        if name in columns and free:
            others[name] = free
    return Match(source, {name: count for name, count in votes.items() if count}, columns, others)


def fields_of(kind: str) -> list[str]:
    """Return the fields that a kind of file may have.

    Examples
    --------
    >>> fields_of("opportunities")[:3]
    ['opportunity', 'rep', 'segment']
    """
    names = dict.fromkeys(name for fields in HEADERS[kind].values() for name in fields)
    return [name for name in names if name != "marks"]


def known_keys(kinds: Sequence[str]) -> frozenset[str]:
    """Return the keys of all headers that are known in files of these kinds.

    Examples
    --------
    >>> "amountspent" in known_keys(["campaigns"])
    True
    """
    return frozenset(
        _key_of(name)
        for kind in kinds
        for fields in HEADERS[kind].values()
        for names in fields.values()
        for name in names
    )


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Return which of some names is written nearest to one; None if none is near.

    Examples
    --------
    >>> nearest("spent", ["spend", "date"])
    'spend'
    """
    keys = {_key(other): other for other in names}
    close = difflib.get_close_matches(_key(name), list(keys), n=1, cutoff=0.6)
    return keys[close[0]] if close else None


def aliases_table() -> pd.DataFrame:
    """Return the headers that the readers know, in the order in which they are preferred.

    Case, accents, spaces and punctuation do not matter, nor does a currency behind a header.

    Returns
    -------
    pandas.DataFrame
        One row per file, source and field: ``file``, ``source``, ``field``, ``headers``. The field
        "marks" holds headers that tell the source and are not read.

    Examples
    --------
    >>> table = aliases_table()
    >>> table[(table["source"] == "Microsoft Ads") & (table["field"] == "spend")]["headers"].item()
    'Spend'
    """
    rows = [
        (kind, source, name, ", ".join(headers))
        for kind, sources in HEADERS.items()
        for source, fields in sources.items()
        for name, headers in fields.items()
    ]
    return pd.DataFrame(rows, columns=["file", "source", "field", "headers"])


_KEYS: Final[dict[str, str]] = {}


def _key_of(alias: str) -> str:
    if alias not in _KEYS:
        _KEYS[alias] = Header.of(alias).key
    return _KEYS[alias]
