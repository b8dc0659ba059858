"""Where models and data sets come from: the Hub, and directories."""
