"""The local AWS of meshform: MiniStack 1.5.33 with AUTH=true, and around it the refusals that real AWS makes.

The rules in this package are ours. They prove that meshform obeys our reading of AWS, not that AWS behaves so.
"""
