"""The study of intervals: named designs, their draws, every method over all draws at once, peers, the table."""
