"""HTML in pieces that nothing in them can leave: what hosts and reports show where no script is needed."""
