"""Training: prompts as people would give them, losses, steps, checkpoints; what a trainer is of."""
