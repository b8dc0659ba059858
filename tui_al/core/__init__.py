"""What everything else means: tasks, configuration, strategies, the loop, events and state. Pure
Python, numpy and scipy."""
