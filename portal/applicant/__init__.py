"""What a company does: start, fill, promise, submit, follow, receive."""
