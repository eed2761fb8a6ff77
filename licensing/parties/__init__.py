"""Who takes part: companies, people and their seats, authorities and their posts, and which authority is responsible where."""
