"""How corrections become a model: the rule of a training set, the recipe of a training, and the
policy of a project. Values that people set; they travel as JSON between page, API and job rows."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from maskloop.platform.states import ImageState

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
CategoryName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Glob = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
"""`*` is any text, `?` any one character, over a whole source URI."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(StrEnum):
    """How the mask of an annotation came about."""

    ACCEPTED = "accepted"
    """A proposal that a person accepted as it was."""
    CORRECTED = "corrected"
    """A proposal that a person changed."""
    PROMPTED = "prompted"
    """A model's answer to a person's prompts, with no proposal before it."""
    DRAWN = "drawn"
    """By hand, or from an import."""


class SetRule(Frozen):
    """Which current annotations a training set holds, and on which side each image stands.

    Empty collections mean all. An image whose source matches one of `holdout_sources` is held out;
    of the others `holdout_share` and then `validation_share`, by the image's sha256 alone, so that
    an image never changes sides as the project grows.
    """

    categories: tuple[CategoryName, ...] = Field(default=(), max_length=1000)
    """Names."""
    origins: tuple[Origin, ...] = Field(default=(), max_length=len(Origin))
    image_states: tuple[ImageState, ...] = Field(
        default=(ImageState.TODO, ImageState.DONE), max_length=len(ImageState)
    )
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    """Of the revision that counts: from `since` on, before `until`."""
    sources: tuple[Glob, ...] = Field(default=(), max_length=100)
    """Globs over the images' source URIs: `*/train/*`."""
    holdout_sources: tuple[Glob, ...] = Field(default=(), max_length=100)
    holdout_share: Share = 0.2
    validation_share: Share = 0.1
    """Of the images that are not held out."""


class Recipe(Frozen):
    """How a training computes. Defaults: SAM's (paper, appendix A), sized for two cores.

    A round is one prompt and its loss. The first is a point or a box; the next ones are points from
    the error region with the last logits fed back; the last `rounds_without_point` only feed back.
    """

    epochs: int = Field(default=8, ge=1, le=1000)
    rounds: int = Field(default=3, ge=1, le=11)
    rounds_without_point: int = Field(default=1, ge=0, le=2)
    objects_per_step: int = Field(default=8, ge=1, le=256)
    """Of one image, prompted together."""
    learning_rate: Positive = 1e-4
    weight_decay: float = Field(default=0.01, ge=0, allow_inf_nan=False)
    warmup_steps: int = Field(default=20, ge=0)
    recorded_share: Share = 0.5
    """Of first prompts taken from what people really clicked, where that was recorded."""
    replay_share: Share = 0.4
    """Of steps that keep the parent's answers on images outside this training set."""
    train_prompt_encoder: bool = False
    lora_rank: int = Field(default=0, ge=0, le=64)
    """Above 0 also adapts the encoder; the version then has a new encoder digest, and embeddings of
    its own."""
    validations: int = Field(default=8, ge=1, le=1000)
    """In the whole training, evenly spread."""
    patience: int = Field(default=3, ge=1)
    """Validations without a better one, after which it stops."""
    seed: int = Field(default=0, ge=0, le=2**32 - 1)
    budget_minutes: Positive = 30.0
    """Computing time; what is best by then is kept."""


METRICS: Final = (
    "one_click",
    "best_of_three",
    "box",
    "boundary_f",
    "clicks_85",
    "clicks_90",
    "everything_recall",
)
"""Of an evaluation; `platform/evaluation.py` says what each is."""
Metric = Literal[
    "one_click",
    "best_of_three",
    "box",
    "boundary_f",
    "clicks_85",
    "clicks_90",
    "everything_recall",
]


class Triggers(Frozen):
    """What makes a training due. With `automatic` it also begins, and is evaluated afterwards."""

    automatic: bool = False
    corrections: int = Field(default=200, ge=1)
    """Annotations since the parent's training set that are not accepted proposals."""
    edit_distance_rise: Positive = 0.05
    """1 - IoU between proposals and what people kept of them: the mean of the newest `window`
    reviews above that of the first `window` of this version."""
    acceptance_fall: Positive = 0.10
    """Share of proposals accepted as they are, likewise."""
    window: int = Field(default=200, ge=20)
    debounce_minutes: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    """Nobody changed anything for so long: people are not in the middle of it."""


class GatePolicy(Frozen):
    """What a challenger has to show against the champion on the same hold-out."""

    metric: Metric = "one_click"
    """Must be better, with the interval of the difference above 0."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    images_least: int = Field(default=5, ge=2)
    """Of a hold-out, which the bootstrap draws from: with fewer an interval means nothing."""
    worse_at_most: Positive = 0.01
    """Overall, in one_click, best_of_three and box: the interval's lower end may not lie below."""
    category_worse_at_most: Positive = 0.03
    category_least: int = Field(default=30, ge=2)
    """Objects of a category, below which it is too few to judge."""
    general_worse_at_most: Positive = 0.02
    """One_click and box on the general set, where the policy names one."""
    recall_worse_at_most: Positive = 0.15
    """Everything_recall: bulk jobs shall go on finding. Scores that know better also leave out more
    masks that are wrong, which costs some of it."""
    slower_at_most: float = Field(default=1.2, ge=1, allow_inf_nan=False)
    """Times the champion's median time a click."""


class GeneralSet(Frozen):
    """A frozen set whose hold-out shows whether something was forgotten."""

    project_id: int
    training_set_id: int


class Policy(Frozen):
    """Of a project: how it is trained and what is promoted."""

    rule: SetRule = SetRule()
    recipe: Recipe = Recipe()
    triggers: Triggers = Triggers()
    gate: GatePolicy = GatePolicy()
    general: GeneralSet | None = None
