"""What a person or an assistant does with a session: start, note, goal, update, rename, end."""
