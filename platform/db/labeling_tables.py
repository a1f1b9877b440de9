"""Tables of what people make: annotations and reviews."""
