"""What can be done about a network before it is quantised."""
