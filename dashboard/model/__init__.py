"""The model in the dashboard: reading an image, predicting, and showing why."""
