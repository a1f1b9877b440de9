"""Manifests of images: files that name images one by one, a line each, however many there are."""

from maskloop.platform.image_manifests.lines import BadLine, LeftOut, ManifestImage, ManifestLine
from maskloop.platform.image_manifests.reading import read_image_manifest

__all__ = ["BadLine", "LeftOut", "ManifestImage", "ManifestLine", "read_image_manifest"]
