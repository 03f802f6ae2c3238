"""Months in words: in English, German, French, Spanish, Italian, Dutch and Portuguese, long or short."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

_LONG = (
    "january januar janner jaenner janvier enero gennaio januari janeiro",
    "february februar feber fevrier febrero febbraio februari fevereiro",
    "march marz maerz mars marzo maart marco",
    "april avril abril aprile",
    "may mai mayo maggio mei maio",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august aout agosto augustus",
    "september septembre septiembre setiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dicembre dezembro",
)
# Short words that do not begin a long one.
_SHORT = {"mrz": 3, "mrt": 3}
_SHORTEST = 3
_MOST_WORDS = 1_000  # of more they are no months, however long it takes to look at each
_WORD = re.compile(r"[^\W\d_]{3,}\.?")
# Before a month comes at most a word of two letters, like `de`.
_PATTERN = r"^(?P<before>.*?)(?P<word>\pL{3,})\.?(?P<behind>.*)$"
DIRECTIVES = frozenset({"%b", "%B"})


def number(word: str) -> int | None:
    """Return the month that a word means in any of the languages; None where it means none.

    A word of several languages means the same month in all of them. Short forms are beginnings of at least
    three letters that fit the words of one month only: `jui` may be June and July, and is none.
    """
    plain = _plain(word)
    if plain in _SHORT:
        return _SHORT[plain]
    if len(plain) < _SHORTEST:
        return None
    fitting = [
        at for at, names in enumerate(_LONG, 1) if any(n.startswith(plain) for n in names.split())
    ]
    return fitting[0] if len(fitting) == 1 else None


def numbered(text: pa.Array, format_: str) -> tuple[pa.Array, str]:
    """Return stamps and their format with numbers instead of the words of months."""
    found = pc.extract_regex(text, _PATTERN)
    words = pc.dictionary_encode(pc.struct_field(found, "word"))
    if len(words.dictionary) > _MOST_WORDS:
        return text, format_
    numbers = [
        None if month is None else f"{month} "
        for month in map(number, (each or "" for each in words.dictionary.to_pylist()))
    ]
    months = pc.take(pa.array(numbers, pa.string()), words.indices)
    before, behind = pc.struct_field(found, "before"), pc.struct_field(found, "behind")
    plain = pc.binary_join_element_wise(before, months, behind, "")
    return plain, re.sub(r"%[bB]\.?", "%m ", format_)


def unknown(stamp: str) -> str | None:
    """Return the first word of a stamp, where it is no month; None where there is none."""
    found = _WORD.search(stamp)
    return found[0] if found and number(found[0]) is None else None


def _plain(word: str) -> str:
    """Return a word in small letters without accents and without the point behind it."""
    apart = unicodedata.normalize("NFKD", word.casefold().rstrip("."))
    return "".join(each for each in apart if not unicodedata.combining(each))
