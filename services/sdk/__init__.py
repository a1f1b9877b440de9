"""The Python client of a maskloop server: `from maskloop.services.sdk import Client`."""

from maskloop.services.sdk.client import Client
from maskloop.services.sdk.models import (
    AddedImages,
    Annotation,
    Image,
    Job,
    Mask,
    MaskAnswer,
    ModelVersion,
    Project,
    Proposal,
)

__all__ = [
    "AddedImages",
    "Annotation",
    "Client",
    "Image",
    "Job",
    "Mask",
    "MaskAnswer",
    "ModelVersion",
    "Project",
    "Proposal",
]
