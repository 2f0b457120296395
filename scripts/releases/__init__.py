"""On which releases an answer holds: the lock, the sets of releases, the record of what ran."""
