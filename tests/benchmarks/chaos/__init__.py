"""A job while things are killed around it."""
