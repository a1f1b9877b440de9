"""Use cases: each module does one thing for a person, in transactions it owns."""
