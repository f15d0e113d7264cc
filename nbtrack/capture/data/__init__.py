"""The data a cell read: objects in the notebook's names, files and folders that were opened, and what they held.

`content` hashes objects, `files` hashes files; both sample what is large, and say so in the hash. `reading` sees files
being opened, `onlookers` ties it to the executions of a kernel and to tracked cells.
"""
