"""The events of a session, and the state that is a fold over them."""
