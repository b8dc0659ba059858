"""What tests of several folders share: processes, the app on a screen, data, sessions."""
