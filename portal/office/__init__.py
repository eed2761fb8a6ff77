"""The officers' desk: the worklist, the one page of a case, and a page for each act that needs words."""
