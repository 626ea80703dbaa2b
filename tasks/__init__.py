"""What each item asks or does: one function per item, in number order."""
