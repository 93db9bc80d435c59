"""The steps of an update's chain, one file each; what is put here is found (see `common.protocol.postprocess`)."""
