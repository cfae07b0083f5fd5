"""The words in names of columns: who, when, totals, row numbers, in English, German and others."""

from __future__ import annotations

import re

_UPPER, _LOWER = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_TOKEN = re.compile(
    rf"[{_UPPER}]?[{_LOWER}]+|[{_UPPER}]+(?![{_LOWER}])|\d+"
    rf"|[^\W\d_{_UPPER}{_LOWER}]+"  # words of other scripts, which have no such halves
)


def tokens(name: str) -> list[str]:
    """Split a name into its words and numbers, in lower case.

    Examples
    --------
    >>> tokens("PatientID"), tokens("phq9_sum"), tokens("T1.GAD_7")
    (['patient', 'id'], ['phq', '9', 'sum'], ['t', '1', 'gad', '7'])
    """
    return [part for token in _TOKEN.findall(name) for part in _total_apart(token.lower())]


def _total_apart(token: str) -> tuple[str, ...]:
    """Part a word such as `evsum` and `bdiscore`."""
    for end in ("sum", "score", "total", "gesamt"):
        front = token.removesuffix(end)
        if token.endswith(end) and len(front) >= 2 and token not in _TOTALS:
            return front, end
    return (token,)


def word_set(text: str) -> frozenset[str]:
    """A set of words from one text."""
    return frozenset(text.split())


def _in_order(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PERSONS = word_set(
    "subject subj sub person participant part patient pat proband probandin respondent resp "
    "teilnehmer teilnehmerin tn versuchsperson vp vpn ppt pp client student pupil user worker "
    "child member pers nomem panelist soldier nurse employee athlete sujet sujeto paciente "
    "participante deelnemer soggetto partecipante paziente osoba участник пациент"
)
_IDENTIFIERS = word_set(
    "id pid pidp uid uuid guid mergeid idauniq ident identifier code chiffre kennung "
    "kennwort token pseudonym pseudo nr no nummer number num key anon anonym"
)
_ROWS = word_set(
    "record case fall serial response row zeile entry interview submission obs observation lfdn "
    "lfd index ref questionnaire fragebogen answer survey"
)
_GROUPS = word_set(
    "site centre center zentrum standort clinic klinik hospital school schule class klasse group "
    "gruppe fam family familie household haushalt hh dyad couple cohort kohorte country land "
    "region city team unit therapist practice location ward ort stadt ville lieu sitio ciudad sede "
    "hopital hôpital escuela ecole école plaats centro centrum"
)
_OCCASIONS = _in_order(
    "wave welle occasion visit visite session sitzung timepoint tp mzp messzeitpunkt zeitpunkt "
    "measurement messung assessment occ round runde redcap beep prompt t time week woche month "
    "monat quarter day tag phase year jahr vague visite oleada visita ondata meting волна визит "
    "semaine semana settimana mois mes mese momento jour dia giorno неделя"
)
_FILLERS = word_set(
    "nr no num number nummer id index name label code of study survey der s event point encr"
)
_TIMES = word_set(
    "date datum time zeit day tag start started begin end ended finished submitted completed "
    "timestamp stamp elapsed recorded created scheduled issued sent answered startdate enddate "
    "datetime"
)
_NO_TIMES = word_set("birth geburt geburtstag dob born duration dauer spent taken seconds length")
_BACKGROUND = word_set(
    "age alter sex gender geschlecht education bildung site country language sprache ethnicity "
    "race income einkommen marital familienstand employment job beruf diagnosis diagnosen diagnose "
    "diagnoses centre center"
)
_ARMS = word_set("arm arms treatment condition randomisation randomization rando bedingung")
_TOTALS = word_set(
    "sum total tot score scores sumscore totalscore summe gesamt gesamtwert ges mean mittel "
    "mittelwert mw avg average index summenwert ts count anzahl"
)
_COUNTS = word_set("n num number count anzahl")
_RECODED = word_set("r rec recoded rev reversed inv inverted umk umkodiert rc recode")
_EVENTS = word_set("event events ereignis ereignisse stressor stressors incident vorfall")
_ENDS_OF_IDS = ("id", "nr", "no", "code", "num")
_ROW_NUMBERS = frozenset({"x", "unnamed", "row", "rows", "rowname", "rownames", "rownum", "v"})


def person_rank(name: str) -> int:
    """How much a name speaks of a person's identifier; 0 where it does not.

    A name of rows (record, case, response) ranks below every name of persons, a name of groups
    (site, school) is none.
    """
    found = _with_ids_apart(tokens(name))
    words = {token for token in found if not token.isdigit()}
    persons, identifiers = words & _PERSONS, words & _IDENTIFIERS
    if words & _GROUPS and not persons:
        return 0
    if words & _BACKGROUND or words & _TOTALS or occasion_rank(name) is not None:
        return 0
    if words & _ROWS:
        return 1 if identifiers or words & {"case", "serial"} else 0
    if words - persons - identifiers - _FILLERS and not (persons and identifiers):
        return 2 if identifiers and found[-1] in _IDENTIFIERS else 0
    if persons:
        return 4 if identifiers or len(words) == 1 else 3
    return (
        3
        if words & {"pid", "uid", "uuid", "guid", "id", "ident", "pseudonym"}
        else 2 * bool(identifiers)
    )


def _with_ids_apart(found: list[str]) -> list[str]:
    """Part words such as `subid` and `caseid`."""
    parted: list[str] = []
    for token in found:
        end = next((end for end in _ENDS_OF_IDS if token.endswith(end)), token)
        front = token.removesuffix(end)
        known = front in _PERSONS | _ROWS | _GROUPS
        parted += [front, end] if known else [token]
    return parted


def occasion_rank(name: str) -> int | None:
    """Place of a name among names of occasions, the plainest first; None where it is none."""
    words = [_singular(token) for token in tokens(name) if not token.isdigit()]
    joined = "".join(words)
    if joined in ("timepoint", "messzeitpunkt"):
        return 0
    places = [_OCCASIONS.index(word) for word in words if word in _OCCASIONS]
    if not places or any(word not in _OCCASIONS and word not in _FILLERS for word in words):
        return None
    return min(places)


def _singular(word: str) -> str:
    """A word for an occasion without what is written onto it: `beepno`, `dayvar`, `weeks`."""
    for end in ("number", "num", "nr", "no", "var", "s"):
        if word.endswith(end) and word.removesuffix(end) in _OCCASIONS:
            return word.removesuffix(end)
    return word


def names_group(name: str) -> bool:
    """Whether a name speaks of a group of persons: site, school, family."""
    return bool(set(_with_ids_apart(tokens(name))) & _GROUPS)


def names_event(name: str) -> bool:
    """Whether a name speaks of what happened."""
    return bool(set(tokens(name)) & _EVENTS)


def names_time(name: str) -> bool:
    """Whether a name speaks of a date or a time of answering."""
    words = set(tokens(name))
    joined = {token for token in words if any(token.endswith(end) for end in ("date", "datum"))}
    return bool((words & _TIMES) | joined) and not words & _NO_TIMES


def names_background(name: str) -> bool:
    """Whether a name speaks of age, sex, education and the like."""
    return bool(set(tokens(name)) & _BACKGROUND)


def names_age(name: str) -> bool:
    """Whether a name speaks of age."""
    return bool(set(tokens(name)) & {"age", "alter"})


def names_arm(name: str) -> bool:
    """Whether a name speaks of the arm of a trial."""
    return bool(set(tokens(name)) & _ARMS)


def names_total(name: str) -> bool:
    """Whether a name says that it is a sum or a mean of items."""
    return bool(set(tokens(name)) & _TOTALS)


def names_count(name: str) -> bool:
    """Whether a name says that it counts something."""
    return bool(set(tokens(name)) & _COUNTS)


def names_recoded(ending: str) -> bool:
    """Whether what follows an item's number says that the item was turned round."""
    return bool(set(tokens(ending)) & _RECODED)


def names_row(name: str) -> bool:
    """Whether a name speaks of the rows of the file."""
    words = {token for token in _with_ids_apart(tokens(name)) if not token.isdigit()}
    return bool(words & (_ROW_NUMBERS | _ROWS)) or name.startswith("column ") or not words


def without_totals(name: str) -> str:
    """A name without the words that say that it is a total."""
    return "_".join(token for token in tokens(name) if token not in _TOTALS)
