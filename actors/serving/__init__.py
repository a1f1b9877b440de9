"""What answers clicks: encoder and decoder replicas of Ray Serve, and the client that asks them."""
