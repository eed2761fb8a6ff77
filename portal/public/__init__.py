"""What anyone may see without signing in: home, guides, checking a licence, the public registers."""
