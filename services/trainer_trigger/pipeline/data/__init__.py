"""From canonical files to checked rows: merge, masks, findings, per site."""
