"""The site while an author writes: served, built anew after each edit, its faults shown."""
