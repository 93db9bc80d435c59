"""What is right and wrong with a hospital's slices, found on the hospital's side and said in plain words."""
