"""The pages of experts: the reviews for which they were drawn, and the ballot."""
