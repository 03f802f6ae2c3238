"""Whether a challenger is good enough: scores, leaks, the champion, the verdict."""
