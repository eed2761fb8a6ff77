"""信用记录: entries in the credit record of a company, objection and repair, and whether a company may promise."""
