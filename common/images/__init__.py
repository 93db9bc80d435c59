"""From a file in a hospital's folder to a batch on the device."""
