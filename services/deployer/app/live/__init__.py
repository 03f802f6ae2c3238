"""After deployment: predictions are made and kept, scored when power comes, and watched."""
