"""After deployment: what was predicted, how far off it was, and whether the model keeps its promise."""
