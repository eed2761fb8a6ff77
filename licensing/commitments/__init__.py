"""告知承诺: each replaceable proof is handed in or promised; what was shown and promised is kept byte for byte."""
