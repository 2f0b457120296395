"""Rules of the code: how pages include it, what right code holds, and that it stands alone."""
