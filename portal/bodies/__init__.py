"""What an inspection body does."""
