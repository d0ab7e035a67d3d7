"""The pipelines. Evidence on disk is the only hand-over between them."""

from __future__ import annotations

import functools
from typing import Any

import apache_beam as beam

from pipeline import examining, judging, pulse, second_round, surveying
from pipeline.job import Job
from pipeline.surveying import Question
from transforms.calibrate import Calibrate, Learn
from transforms.examine import Examine
from transforms.judge import OPEN, TALLIES, Judge, JudgeAgain
from transforms.prove import RESULTS, ROWS, TEACHING, Prove
from transforms.relate import Relate
from transforms.survey import Survey
from transforms.taken_out import Batch
from transforms.walk import Walk

_SHUFFLES = 4  # that the rows of the joins travel in, at most


def examine(pipeline: beam.Pipeline, job: Job) -> None:
    """The dump to evidence."""
    (
        pipeline
        | "Walk" >> Walk(functools.partial(examining.plan, job))
        | "Examine" >> Examine(functools.partial(examining.examine_units, job), together=job.together)
    )


def examine_again(pipeline: beam.Pipeline, job: Job, batches: list[Batch]) -> None:
    """Orders that evidence left, with the files found for them, to evidence."""
    (
        pipeline
        | "Orders" >> beam.Create(batches)
        | "ExamineAgain" >> Examine(functools.partial(second_round.try_batches, job), together=job.together)
    )


def survey(pipeline: beam.Pipeline, job: Job, question: Question) -> None:
    """A question to all evidence; its answers lie in OUT/work."""
    pipeline | "Survey" >> Survey(
        functools.partial(surveying.groups, job),
        functools.partial(surveying.read, job, question),
        surveying.steps(job, question),
        functools.partial(surveying.store, job, question),
    )


def judge(pipeline: beam.Pipeline, job: Job) -> None:
    """Evidence and keys to final rows, unit by unit."""
    buckets = judging.buckets(job)
    marked = functools.partial(pulse.during, job)
    prove_unit = functools.partial(judging.prove_unit, job)
    proven = (
        pipeline
        | "Judgement" >> beam.Impulse()
        | "Units"
        >> beam.FlatMap(lambda _: ((unit_id, None) for unit_id in judging.unit_ids(job))).with_output_types(Any)
        | "Spread" >> beam.GroupByKey()
        | "Prove" >> Prove(prove_unit, judging.results_table, job.protected, buckets, marked)
    )
    learned = proven[TEACHING] | "Learn" >> Learn(job.protected, marked)
    answers = proven[ROWS] | "Relate" >> Relate(
        functools.partial(judging.text_of, job),
        functools.partial(judging.content, job),
        functools.partial(judging.fields, job),
        functools.partial(judging.keys_of, job),
        learned,
        min(_SHUFFLES, buckets),
        judging.parts_of_threads(job),
        marked,
    )
    judge_first = functools.partial(pulse.doing, judging.judge_first, job)
    judged = (proven[RESULTS], answers) | "Judge" >> Judge(judge_first, learned, buckets)
    calibration = judged[TALLIES] | "Calibrate" >> Calibrate(learned, marked)
    calibration | "Note" >> beam.Map(functools.partial(judging.note, job)).with_output_types(Any)
    judged[OPEN] | "JudgeAgain" >> JudgeAgain(functools.partial(pulse.doing, judging.judge_again, job), calibration)
