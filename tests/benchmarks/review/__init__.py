"""Whether the order of a review queue brings bad masks to the front."""
