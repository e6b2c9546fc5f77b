object:
