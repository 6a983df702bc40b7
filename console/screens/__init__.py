"""The rooms of the console, one module each, and the dialogs they open."""
