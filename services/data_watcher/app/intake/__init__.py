"""Takes in what is uploaded: observe, admit, read, judge, and take the effects, for one key or a batch.

`pipeline.py` leads through the steps, `verdict.py` says what a file is, `effects.py` lets the world know.
"""
