"""The study file: format, instruments, templates, schema and preregistered plan."""

from salutogen.study.format import AnswerRange, Duration, StudyFile
from salutogen.study.instruments.instrument import Instrument, ScoringRule
from salutogen.study.reading import read_study
from salutogen.study.schedule import Occasion, Period, Schedule
from salutogen.study.study import Study

__all__ = [
    "AnswerRange",
    "Duration",
    "Instrument",
    "Occasion",
    "Period",
    "Schedule",
    "ScoringRule",
    "Study",
    "StudyFile",
    "read_study",
]
