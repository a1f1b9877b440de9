"""Evaluation: a version's masks measured against what people stand behind."""
