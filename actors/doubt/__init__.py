"""What speaks against a proposal: the signals of its doubt, from a stored embedding."""
