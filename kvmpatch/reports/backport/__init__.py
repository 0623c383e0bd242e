"""`backport`: whether commits can go into a branch, what they need first, which fixes must follow."""
