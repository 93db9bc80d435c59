"""Training and evaluating one hospital's slices: plain functions over tensors, without Flower or Hydra."""
