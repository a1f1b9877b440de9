"""Errors of training sets, trainings, evaluations, gates and shadows."""

from maskloop.platform.errors.base import MaskloopError


class EmptyTrainingSetError(MaskloopError):
    code = "empty_training_set"
    sentence = "The rule leaves nothing to {purpose}: {reason}."

    def __init__(self, purpose: str, reason: str) -> None:
        super().__init__(purpose, reason)


class TrainingBusyError(MaskloopError):
    """One training per project at a time."""

    code = "training_busy"
    retryable = True
    sentence = (
        "Project {project} is trained already, by job {job}. Wait for it, or cancel it with "
        "`maskloop jobs cancel {job}`."
    )

    def __init__(self, project: str, job: int) -> None:
        super().__init__(project, job)


class TrainingDivergedError(MaskloopError):
    code = "training_diverged"
    sentence = (
        "The training's loss was no number at step {step}. Lower the learning rate (now "
        "{learning_rate}) and train again."
    )

    def __init__(self, step: int, learning_rate: float) -> None:
        super().__init__(step, learning_rate)


class TrainingChangedNothingError(MaskloopError):
    """It ended with weights that another version has."""

    code = "training_changed_nothing"
    sentence = (
        "The training changed nothing: its best weights are those of model version {same_as}. "
        "Train on more corrections, for longer, or with a higher learning rate."
    )

    def __init__(self, same_as: int) -> None:
        super().__init__(same_as)


class NotComparableError(MaskloopError):
    """Two versions' figures are no pairs."""

    code = "not_comparable"
    sentence = (
        "The evaluations cannot be compared: {reason}. Evaluate both versions again on the same "
        "training set with the same protocol."
    )

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class NotEvaluatedError(MaskloopError):
    code = "not_evaluated"
    sentence = (
        "Model version {version} was not compared with version {champion}, which serves. Run: "
        "maskloop evaluate PROJECT {version}; or promote it against the gate, with a reason."
    )

    def __init__(self, version: int, champion: int) -> None:
        super().__init__(version, champion)


class GateRefusedError(MaskloopError):
    code = "gate_refused"
    sentence = (
        "The gate refuses model version {version}: {rules}. Promote it against the gate only with "
        "a written reason."
    )

    def __init__(self, version: int, rules: str) -> None:
        super().__init__(version, rules)


class NothingToRollBackError(MaskloopError):
    code = "nothing_to_roll_back"
    sentence = "Model version {version} serves, and no other was promoted before it."

    def __init__(self, version: int) -> None:
        super().__init__(version)


class ShadowRunsError(MaskloopError):
    """One at a time."""

    code = "shadow_runs"
    sentence = "Model version {version} runs as a shadow already; end that one first."

    def __init__(self, version: int) -> None:
        super().__init__(version)
