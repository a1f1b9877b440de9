"""The Python client of a maskloop server: `from maskloop.services.sdk import Client`."""

from maskloop.services.sdk.client import Client
from maskloop.services.sdk.models import (
    AddedImage,
    Annotation,
    Answered,
    Card,
    Hand,
    Image,
    Job,
    Mask,
    MaskAnswer,
    ModelVersion,
    Project,
    Proposal,
    Queue,
    Renewal,
    Training,
)

__all__ = [
    "AddedImage",
    "Annotation",
    "Answered",
    "Card",
    "Client",
    "Hand",
    "Image",
    "Job",
    "Mask",
    "MaskAnswer",
    "ModelVersion",
    "Project",
    "Proposal",
    "Queue",
    "Renewal",
    "Training",
]
