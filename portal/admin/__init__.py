"""What the three administrators see: the state of the instance, and no case."""
