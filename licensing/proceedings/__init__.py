"""What is done about a licence after its issue: request or proposal, notice, answer, decision by a second person."""
