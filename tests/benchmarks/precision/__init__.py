"""What bf16 costs in quality: masks against people's annotations, in both precisions."""
