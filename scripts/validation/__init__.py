"""What can be known from the files alone: the rules, and the command that follows all of them."""
