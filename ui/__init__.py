"""The Gradio pages. They arrive with the labeling page."""
