"""The Python client of a maskloop server: `from maskloop.services.sdk import Client`."""

from maskloop.services.sdk.client import Client
from maskloop.services.sdk.models import (
    AddedImage,
    Annotation,
    Image,
    Job,
    Mask,
    MaskAnswer,
    ModelVersion,
    Project,
    Proposal,
    Training,
)

__all__ = [
    "AddedImage",
    "Annotation",
    "Client",
    "Image",
    "Job",
    "Mask",
    "MaskAnswer",
    "ModelVersion",
    "Project",
    "Proposal",
    "Training",
]
