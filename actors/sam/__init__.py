"""Segment Anything models: weights, encoder, prompt encoder and mask decoder."""
