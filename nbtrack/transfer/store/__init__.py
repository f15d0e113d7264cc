"""The SQL of whole runs: taken out of the file, and put into it."""
