"""What the runs table asks for beside its rows: facts about columns, groups of runs, how it was last arranged."""
