"""Lists read from the store when somebody looks: charges, cards, messages, settings of stations."""
