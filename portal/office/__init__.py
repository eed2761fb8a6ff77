"""What an authority does: work list, case, decision."""
