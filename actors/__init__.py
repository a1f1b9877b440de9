"""What runs in a Ray process: models, mask generation and the bulk pipeline."""
