"""Errors of projects, jobs and model versions."""

from maskloop.platform.errors.base import MaskloopError


class NotFoundError(MaskloopError):
    code = "not_found"
    sentence = "There is no {noun} {name}. {hint}"

    def __init__(self, noun: str, name: str, hint: str) -> None:
        super().__init__(noun, name, hint)


class AlreadyExistsError(MaskloopError):
    code = "already_exists"
    sentence = "There is already a {noun} {name}. {hint}"

    def __init__(self, noun: str, name: str, hint: str) -> None:
        super().__init__(noun, name, hint)


class BadNameError(MaskloopError):
    code = "bad_name"
    sentence = "{name!r} cannot name a {noun}: {reason}."

    def __init__(self, noun: str, name: str, reason: str) -> None:
        super().__init__(noun, name, reason)


class RefusedTransitionError(MaskloopError):
    code = "refused_transition"
    sentence = "{noun} {name} is {state} and cannot be {wanted}."

    def __init__(self, noun: str, name: str, state: str, wanted: str) -> None:
        super().__init__(noun, name, state, wanted)


class BadPriorityError(MaskloopError):
    code = "bad_priority"
    sentence = "{priority} is no priority: give a whole number from -{most} to {most}."

    def __init__(self, priority: int, most: int) -> None:
        super().__init__(priority, most)


class BadBudgetError(MaskloopError):
    code = "bad_budget"
    sentence = (
        "{given!r} is no budget: give worker time (8h, 90m), bytes written (50GB) or masks "
        "(1000000masks), each above zero."
    )

    def __init__(self, given: str) -> None:
        super().__init__(given)


class BudgetSpentError(MaskloopError):
    code = "budget_spent"
    sentence = (
        "Job {job} has spent its budget: {spent}. Give it another with "
        "`maskloop jobs budget {job} MORE`, or none with `maskloop jobs budget {job} --none`."
    )

    def __init__(self, job: int, spent: str) -> None:
        super().__init__(job, spent)


class BadSampleError(MaskloopError):
    code = "bad_sample"
    sentence = "A sample of {images} images tells too little: take {least} or more."

    def __init__(self, images: int, least: int) -> None:
        super().__init__(images, least)


class NothingToPlanByError(MaskloopError):
    code = "nothing_to_plan_by"
    sentence = (
        "There is nothing to plan by: {which} computed masks for two images or more. Do some "
        "first, as `maskloop autolabel PROJECT --dry-run`, or `maskloop demo --exit` for "
        "photographs that come with it."
    )

    def __init__(self, which: str) -> None:
        super().__init__(which)


class BadPricesError(MaskloopError):
    code = "bad_prices"
    sentence = (
        "The prices in {file} cannot be used: {reason}. See `maskloop plan --example-prices`."
    )

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file, reason)


class NothingMeasuredError(MaskloopError):
    code = "nothing_measured"
    sentence = (
        "None of the {sampled} images of the sample of job {job} could be done, so there is no "
        "forecast. See why with `maskloop jobs show {job}`."
    )

    def __init__(self, job: int, sampled: int) -> None:
        super().__init__(job, sampled)


class LeaseLostError(MaskloopError):
    """The work was taken over by somebody else; what this process still computes is not stored."""

    code = "job_lease_lost"
    sentence = "Job {job} was taken over by another worker; this one stops and stores nothing more."

    def __init__(self, job: int) -> None:
        super().__init__(job)


class PipelineBrokenError(MaskloopError):
    """Bulk work ended before its images did; `reason` is the last word of what broke."""

    code = "pipeline_broken"
    retryable = True
    sentence = "The pipeline broke: {reason}. What was done stays; resume the job."

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WorkersDieError(MaskloopError):
    code = "workers_die"
    sentence = (
        "Job {job} stopped: its workers break on every image ({reason}). Run `maskloop doctor`, "
        "then `maskloop jobs resume {job}`."
    )

    def __init__(self, job: int, reason: str) -> None:
        super().__init__(job, reason)


class JobBusyError(MaskloopError):
    code = "job_busy"
    retryable = True
    sentence = (
        "Job {job} is being worked on by {owner}, last heard of {seconds:.0f} s ago. Wait, cancel "
        "it with `maskloop jobs cancel {job}`, or take it over with --take-over."
    )

    def __init__(self, job: int, owner: str, seconds: float) -> None:
        super().__init__(job, owner, seconds)


class ChoiceRefusedError(MaskloopError):
    """Candidates that were kept cannot answer with this parameter."""

    code = "choice_refused"
    sentence = (
        "{parameter} cannot be {value} with the candidates of job {job}: {reason}. Leave it out, "
        "or run a new job without --from-job."
    )

    def __init__(self, job: int, parameter: str, value: object, reason: str) -> None:
        super().__init__(job, parameter, value, reason)


class NoCandidatesError(MaskloopError):
    code = "no_candidates"
    sentence = (
        "Job {job} has kept no candidates: {reason}. Run a job that keeps them: "
        "`maskloop autolabel {project}`."
    )

    def __init__(self, job: int, project: str, reason: str) -> None:
        super().__init__(job, project, reason)


class CandidatesMissingError(MaskloopError):
    code = "candidates_missing"
    sentence = (
        "The candidates of {source} are gone from the object store, or were damaged ({key}). Run a "
        "job without --from-job, which makes them again."
    )

    def __init__(self, source: str, key: str) -> None:
        super().__init__(source, key)
